// SPDX-License-Identifier: Apache-2.0
#include "arpline/reload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "arpline/daemon.hpp"
#include "arpline/usage.hpp"
#include "base/foreign_text.hpp"

namespace arpline {
namespace {

// A reload may attach other parents first.
constexpr std::chrono::seconds kPatience{10};

// Fails early for a daemon that hangs: a ping is answered at once, while a reload may take long.
void refuse_hung(const Roots& roots, const std::vector<PinName>& names) {
  const auto replies = ask_daemons(roots, names, {{"cmd", "ping"}});
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!replies[i] && is_hung(roots, names[i])) throw NoDaemonError(about_hung(names[i]));
}

std::string pin_name_of(const ForeignText& parent) {
  auto written = parent.raw();
  std::ranges::replace(written, '.', '_');
  return written;
}

std::string to_text(const ReloadAnswer& answer) {
  std::string text;
  for (const auto& parent : answer.parents) {
    const auto waits = std::ranges::find(answer.waiting, parent, &WaitingStatus::parent);
    text += waits == answer.waiting.end()
                ? visible(parent) + ": the configuration has been read again\n"
                : fmt::format("{}: not served, tried again in {:.0f} s: {}\n", visible(parent),
                              waits->next_try_seconds, waits->reason);
  }
  return text;
}

}  // namespace

int reload(bool as_json, const Roots& roots) {
  std::set<std::string> done;  // a daemon that serves several parents reloads once
  auto daemons = nlohmann::json::array();
  const auto names = find_parents(roots, "", Looker::anybody);
  refuse_hung(roots, names);
  for (const auto& name : names) {
    if (done.contains(name.parent.raw())) continue;
    const auto reply = ask_daemon(roots, name, {{"cmd", "reload"}}, kPatience);
    if (!reply && is_hung(roots, name)) throw NoDaemonError(about_hung(name));
    if (!reply) continue;
    if (reply->contains("error"))
      throw SetupError(fmt::format("{}: {}", visible(name.parent), (*reply)["error"].get<std::string>()));
    const auto answer = read_answer<ReloadAnswer>(*reply);
    for (const auto& parent : answer.parents) done.insert(pin_name_of(parent));
    daemons.push_back(*reply);
    if (!as_json) fmt::print("{}", printable(to_text(answer)));
  }
  if (daemons.empty())
    throw NoDaemonError("no arplined runs in this network namespace; start one with: arplined --parent IF");
  if (as_json) fmt::print("{}\n", nlohmann::json{{"daemons", daemons}}.dump(2, ' ', true));
  return 0;
}

}  // namespace arpline
