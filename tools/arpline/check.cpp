// SPDX-License-Identifier: Apache-2.0
#include "arpline/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "arpline/usage.hpp"
#include "base/foreign_text.hpp"
#include "base/group.hpp"
#include "config/config.hpp"
#include "kernel/link.hpp"

namespace arpline {
namespace {

struct Checked {
  std::string error;  // empty: arplined would take the configuration
  std::vector<std::string> warnings;
  std::vector<std::string> parents;
  bool needs_dpdk = false;
};

Checked look_at(const Config& config) {
  Checked checked;
  if (!config.control_group.empty() && !find_group(config.control_group))
    checked.warnings.push_back(
        fmt::format("control_group: there is no group {0} here; make it with: groupadd --system {0}",
                    config.control_group));
  Netlink route(NETLINK_ROUTE);
  for (const auto& parent : config.parents) {
    if (!find_link(route, parent.name))
      checked.warnings.push_back(
          fmt::format("parent.{}: there is no such interface here", visible(parent.name)));
    checked.parents.push_back(visible(parent.name));
  }
  checked.needs_dpdk =
      std::ranges::any_of(config.parents, [](const auto& parent) { return parent.port == PortKind::ethdev; });
  return checked;
}

void print_json(const std::string& file, const Checked& checked) {
  const nlohmann::ordered_json document{{"file", visible(ForeignText{file})},
                                        {"good", checked.error.empty()},
                                        {"error", checked.error},
                                        {"program", checked.needs_dpdk ? "arplined-dpdk" : "arplined"},
                                        {"parents", checked.parents},
                                        {"warnings", checked.warnings}};
  fmt::print("{}\n", document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace));
}

void print_text(const std::string& file, const Checked& checked) {
  for (const auto& line : checked.warnings)
    fmt::print(stderr, "{}", visible_line(fmt::format("{}: warning: {}", file, line)) + "\n");
  fmt::print("{}", printable(fmt::format("{}: good{}: parents {}\n", file,
                                         checked.needs_dpdk ? " for arplined-dpdk, not for arplined" : "",
                                         fmt::join(checked.parents, ", "))));
}

}  // namespace

int check(const std::string& file, const std::vector<std::string>& parents, bool as_json) {
  // load_config() takes an empty path for an empty file.
  if (file.empty()) throw SetupError("check: the name of a file is missing");
  try {
    const auto checked = look_at(load_config(file, parents));
    as_json ? print_json(file, checked) : print_text(file, checked);
    return 0;
  } catch (const SetupError& error) {
    if (!as_json) throw;
    print_json(file, {.error = error.what(), .warnings = {}, .parents = {}});
    return exit_code::kFailed;
  }
}

}  // namespace arpline
