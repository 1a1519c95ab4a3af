// SPDX-License-Identifier: Apache-2.0
#include "arpline/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/foreign_text.hpp"
#include "base/group.hpp"
#include "config/config.hpp"
#include "kernel/link.hpp"

namespace arpline {

int check(const std::string& file, const std::vector<std::string>& parents) {
  // load_config() takes an empty path for an empty file.
  if (file.empty()) throw SetupError("check: the name of a file is missing");
  const auto config = load_config(file, parents);
  const auto warn = [&](const std::string& line) {
    fmt::print(stderr, "{}", printable(fmt::format("{}: warning: {}\n", file, line)));
  };
  if (!config.control_group.empty() && !find_group(config.control_group)) {
    warn(fmt::format("control_group: there is no group {0} here; make it with: groupadd --system {0}",
                     config.control_group));
  }
  Netlink route(NETLINK_ROUTE);
  std::vector<std::string> names;
  for (const auto& parent : config.parents) {
    if (!find_link(route, parent.name))
      warn(fmt::format("parent.{}: there is no such interface here", visible(parent.name)));
    names.push_back(visible(parent.name));
  }
  fmt::print("{}", printable(fmt::format("{}: good: parents {}\n", file, fmt::join(names, ", "))));
  return 0;
}

}  // namespace arpline
