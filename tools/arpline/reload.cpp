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

// A reload may attach other parents first.
constexpr std::chrono::seconds kPatience{10};

// Fails early for a daemon that hangs: a ping is answered at once, while a reload may take long.
void refuse_hung(const Roots& roots, const std::vector<PinName>& names) {
  const auto replies = ask_daemons(roots, names, {{"cmd", "ping"}});
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!replies[i] && is_hung(roots, names[i])) throw SetupError(about_hung(names[i]));
}

}  // namespace

int reload(const Roots& roots) {
  std::set<std::string> done;  // a daemon that serves several parents reloads once
  bool asked = false;
  const auto names = find_parents(roots, "", Looker::anybody);
  refuse_hung(roots, names);
  for (const auto& name : names) {
    if (done.contains(name.parent.raw())) continue;
    const auto reply = ask_daemon(roots, name, {{"cmd", "reload"}}, kPatience);
    if (!reply) continue;
    asked = true;
    if (reply->contains("error"))
      throw SetupError(fmt::format("{}: {}", visible(name.parent), (*reply)["error"].get<std::string>()));
    for (const auto& parent : (*reply)["parents"]) {
      auto written = from_visible(parent.get<std::string>()).raw();
      std::ranges::replace(written, '.', '_');  // as the pins' names are written
      done.insert(written);
    }
    fmt::print("{}: the configuration has been read again\n", visible(name.parent));
  }
  if (!asked)
    throw SetupError("no arplined runs in this network namespace; start one with: arplined --parent IF");
  return 0;
}

}  // namespace arpline
