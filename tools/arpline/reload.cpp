// SPDX-License-Identifier: Apache-2.0
#include "arpline/reload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "arpline/daemon.hpp"
#include "base/error.hpp"
#include "base/foreign_text.hpp"

namespace arpline {
namespace {

// Other parents may have to be attached first.
constexpr std::chrono::seconds kPatience{10};

}  // namespace

int reload(const Roots& roots) {
  std::set<std::string> done;  // a daemon that serves several parents reads its configuration once
  bool asked = false;
  for (const auto& name : find_parents(roots, "", Looker::anybody)) {
    if (done.contains(name.parent.raw())) continue;
    const auto reply = ask_daemon(roots, name, {{"cmd", "reload"}}, kPatience);
    if (!reply) continue;
    asked = true;
    if (reply->contains("error"))
      throw SetupError(fmt::format("{}: {}", visible(name.parent), (*reply)["error"].get<std::string>()));
    for (const auto& parent : (*reply)["parents"]) {
      auto written = from_visible(parent.get<std::string>()).raw();
      std::ranges::replace(written, '.', '_');  // as in the pins' names
      done.insert(written);
    }
    fmt::print("{}: the configuration has been read again\n", visible(name.parent));
  }
  if (!asked)
    throw SetupError("no arplined runs in this network namespace; start one with: arplined --parent IF");
  return 0;
}

}  // namespace arpline
