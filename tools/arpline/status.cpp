// SPDX-License-Identifier: Apache-2.0
#include "arpline/status.hpp"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>

#include "arpline/daemon.hpp"
#include "arpline/usage.hpp"
#include "base/clock.hpp"
#include "base/foreign_text.hpp"
#include "control/gather.hpp"
#include "kernel/capabilities.hpp"
#include "report/answers.hpp"
#include "report/text.hpp"

namespace arpline {
namespace {

// The parent's status from its pins. A daemon that holds its lock and does not answer hangs, and the pins show
// what the program does meanwhile.
std::optional<ParentStatus> without_daemon(const PinName& name, bool senders, const Roots& roots) {
  const auto folder = roots.pins + "/" + name.text();
  const auto maps = Maps::open_pinned(folder, false);
  if (!maps) return std::nullopt;
  char interface[IF_NAMESIZE];
  const bool named = if_indextoname(static_cast<unsigned>(name.ifindex), interface) != nullptr;
  auto status = gather(*maps, named ? ForeignText{interface} : name.parent, name.ifindex, folder, Clock::now());
  if (is_locked(roots.run, name.text()))
    status.warnings.emplace_back("arplined hangs: it holds the lock of this parent and does not answer");
  if (senders) status.senders = gather_senders(*maps, {}, status.parent);
  return status;
}

void print(const nlohmann::json& document) {
  fmt::print("{}\n", document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace));
}

std::string nothing_there(const std::string& interface) {
  return fmt::format(
      "arpline is not attached in this network namespace{}; start it with: arplined --parent IF\n",
      interface.empty() ? "" : " to " + visible(interface));
}

}  // namespace

int status(const std::string& interface, bool as_json, bool senders, const Roots& roots) {
  nlohmann::json all = nlohmann::json::array();
  nlohmann::json waiting = nlohmann::json::array();  // by parent; each daemon reports all of its parents
  bool daemons_up = true;
  std::string hung;
  const auto names = find_parents(roots, interface, Looker::anybody);
  const auto replies = ask_daemons(roots, names, {{"cmd", "status"}, {"senders", senders}});
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& name = names[i];
    const auto& reply = replies[i];
    if (reply && reply->contains("parents")) {
      for (const auto& parent : (*reply)["parents"]) all.push_back(parent);
      for (const auto& parent : reply->value("waiting", nlohmann::json::array()))
        if (std::ranges::none_of(waiting,
                                 [&](const auto& one) { return one.at("parent") == parent.at("parent"); }))
          waiting.push_back(parent);
      continue;
    }
    daemons_up = false;
    if (is_hung(roots, name)) hung += about_hung(name) + "\n";
    if (const auto parent = without_daemon(name, senders, roots)) all.push_back(to_json(*parent));
  }
  const nlohmann::json document{{"version", ARPLINE_VERSION}, {"parents", all}, {"waiting", waiting}};
  drop_all_capabilities();  // the rest only prints answers and maps
  if (as_json) {
    print(document);
  } else if (all.empty()) {
    fmt::print("{}", hung.empty() ? nothing_there(interface) : hung);
  } else {
    const auto answer = read_answer<StatusAnswer>(document);
    fmt::print("{}", printable(senders ? senders_to_text(answer.parents) : to_text(answer)));
  }
  return daemons_up && !all.empty() ? 0 : exit_code::kNoDaemon;
}

int gone(const std::string& interface, bool as_json, const Roots& roots) {
  nlohmann::json all = nlohmann::json::array();
  bool answered = false;
  std::string hung;
  const auto names = find_parents(roots, interface, Looker::anybody);
  const auto replies = ask_daemons(roots, names, {{"cmd", "gone"}});
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& reply = replies[i];
    if (!reply && is_hung(roots, names[i])) hung += about_hung(names[i]) + "\n";
    if (!reply || !reply->contains("gone")) continue;
    answered = true;
    for (const auto& one : (*reply)["gone"]) all.push_back(one);
  }
  drop_all_capabilities();
  if (as_json) {
    print({{"gone", all}});
  } else if (answered) {
    fmt::print("{}", printable(to_text(read_answer<GoneAnswer>({{"gone", all}}))));
  } else if (!hung.empty()) {
    fmt::print("{}", hung);
  } else {
    fmt::print("no arplined runs in this network namespace{}; it is the daemon that remembers\n",
               interface.empty() ? "" : " on " + visible(interface));
  }
  return answered ? 0 : exit_code::kNoDaemon;
}

}  // namespace arpline
