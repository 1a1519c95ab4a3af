// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "arpline/attached.hpp"
#include "arpline/doctor/answers.hpp"
#include "arpline/doctor/gather.hpp"
#include "base/clock.hpp"
#include "control/client.hpp"
#include "control/gather.hpp"
#include "kernel/programs.hpp"

namespace arpline::doctor {
namespace {

using nlohmann::json;

// Without a daemon's list of claimants: the time of the last claim, from the maps.
void add_last_claimants(Parent& parent, const Maps& maps, Instant now) {
  std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> held;
  for (auto& endpoint : parent.endpoints) {
    if (!endpoint.claimants.empty() || !endpoint.last_claimant_mac) continue;
    name_last_claimant(endpoint);
    if (held.empty()) held = maps.endpoints();
    const auto at = std::ranges::find_if(held, [&](const auto& one) {
      return one.first.address == endpoint.address && one.first.vlan == endpoint.vlan;
    });
    if (at != held.end() && at->second.slot < maps.slots().size())
      endpoint.claimants.back().last_seconds_ago =
          seconds_ago(instant_from_raw(maps.slots()[at->second.slot].claimed_at), now);
  }
}

// Seconds since the process began; nullopt when it has ended or is in another PID namespace.
std::optional<double> age_of(std::uint32_t pid) {
  std::ifstream file{fmt::format("/proc/{}/stat", pid)};
  std::string text;
  std::getline(file, text);
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  constexpr int kStartTime = 22;  // field number in proc_pid_stat(5); the field behind the name has number 3
  std::istringstream fields{text.substr(name_end + 1)};
  std::string skipped;
  for (int field = 3; field < kStartTime; ++field) fields >> skipped;
  double ticks = 0;
  timespec now{};
  if (!(fields >> ticks) || clock_gettime(CLOCK_BOOTTIME, &now) != 0) return std::nullopt;
  return static_cast<double>(now.tv_sec) - ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

bool is_in_service(std::uint32_t pid) {
  std::ifstream file{fmt::format("/proc/{}/cgroup", pid)};
  for (std::string line; std::getline(file, line);)
    if (line.ends_with("/arplined.service")) return true;
  return false;
}

void read_maps(Parent& parent, const PinName& name, const Roots& roots) {
  const auto folder = roots.pins + "/" + name.text();
  const auto maps = Maps::open_pinned(folder, false);
  if (!maps) return;
  const auto now = Clock::now();
  parent.pinned = true;
  parent.lease_seconds = in_seconds(maps->lease() - now);
  parent.owner_pid = maps->meta().owner_pid;
  parent.daemon_seconds = age_of(parent.owner_pid);
  parent.owner_in_service = is_in_service(parent.owner_pid);
  parent.observe = (maps->limits().flags & ARPL_LIMIT_OBSERVE) != 0;
  parent.hidden_tags = (maps->limits().flags & ARPL_LIMIT_HIDDEN_TAGS) != 0;
  if (parent.daemon != Daemon::answers)
    parent.endpoints = gather(*maps, parent.link.name, name.ifindex, folder, now).endpoints;
  add_last_claimants(parent, *maps, now);
}

void hear_daemon(Parent& parent, const PinName& name, const Roots& roots, const std::optional<json>& answer,
                 std::vector<std::string>& unseen) {
  if (take_status(answer, parent, unseen)) {
    parent.daemon = Daemon::answers;
    parent.answered_at = Clock::now();
  } else {
    parent.daemon = is_locked(roots.run, name.text()) ? Daemon::silent : Daemon::absent;
  }
}

void ask_what_is_gone(Parent& parent, const PinName& name, const Roots& roots,
                      std::vector<std::string>& unseen) {
  if (parent.daemon != Daemon::answers) {
    unseen.push_back(
        fmt::format("what vanished from {}, and when: no arplined answers there", visible(parent.link.name)));
    return;
  }
  take_gone(ask(roots.run + "/" + name.text() + "/control.sock", {{"cmd", "gone"}}), parent, unseen);
}

void read_wire_side(Parent& parent, std::vector<std::string>& unseen) {
  if (parent.daemon == Daemon::answers || parent.pinned) return;
  unseen.push_back(fmt::format("claims of addresses and unanswered requests on {}: arpline does not serve it",
                               visible(parent.link.name)));
}

}  // namespace

std::vector<std::optional<json>> ask_for_status(const std::vector<PinName>& names, const Roots& roots) {
  std::vector<std::string> sockets;
  sockets.reserve(names.size());
  for (const auto& name : names) sockets.push_back(roots.run + "/" + name.text() + "/control.sock");
  return ask_each(sockets, {{"cmd", "status"}});
}

Parent read_parent(Netlink& route, const LinkInfo& link, const PinName& name, const Roots& roots,
                   const std::optional<json>& reply, std::vector<std::string>& unseen) {
  Parent parent;
  parent.link = link;
  parent.attached = is_our_ingress(link.xdp_prog_id);
  parent.before_egress = filters_before_ours(tc_filters(route, link.ifindex, TcHook::egress));
  parent.tcx = tcx_egress_programs(link.ifindex);
  parent.rx_dropped = rx_dropped(route, link.ifindex).value_or(0);
  hear_daemon(parent, name, roots, reply, unseen);
  read_maps(parent, name, roots);
  ask_what_is_gone(parent, name, roots, unseen);
  read_wire_side(parent, unseen);
  return parent;
}

}  // namespace arpline::doctor
