// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "arpline/attached.hpp"
#include "arpline/doctor/gather.hpp"
#include "arpline/doctor/replies.hpp"
#include "base/clock.hpp"
#include "control/client.hpp"
#include "control/gather.hpp"
#include "kernel/programs.hpp"

namespace arpline::doctor {
namespace {

using nlohmann::json;

double seconds_between(std::uint64_t earlier, std::uint64_t later) {
  return static_cast<double>(static_cast<std::int64_t>(later - earlier)) / ARPL_SECOND_NS;
}

// The entry of one parent, whether the daemon answers for one or for several.
json entry_of(const std::optional<json>& reply, int ifindex) {
  if (!reply || !reply->is_object() || !reply->contains("parents")) return nullptr;
  for (const auto& parent : (*reply)["parents"])
    if (parent.is_object() && parent.contains("ifindex") && parent["ifindex"] == ifindex) return parent;
  return nullptr;
}

// Neither a daemon without a list of claimants nor the maps' JSON says when the last claim was; the maps do.
void add_claim_times(Parent& parent, const ParentStatus& maps) {
  for (auto& endpoint : parent.endpoints) {
    const auto at = std::ranges::find_if(maps.endpoints, [&](const EndpointStatus& one) {
      return one.key.address == endpoint.address && one.key.vlan == endpoint.vlan;
    });
    if (at == maps.endpoints.end() || at->slot.claimed_at == 0) continue;
    for (auto& claimant : endpoint.claimants)
      if (!claimant.last_seconds_ago && claimant.mac == at->stats.last_claimant_mac)
        claimant.last_seconds_ago = seconds_between(at->slot.claimed_at, maps.now);
  }
}

// Since the process began; none: it is gone, or of another PID namespace.
std::optional<double> age_of(std::uint32_t pid) {
  std::ifstream file{fmt::format("/proc/{}/stat", pid)};
  std::string text;
  std::getline(file, text);
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  constexpr int kStartTime = 22;  // proc(5), starting with 1; the first one behind the name is the third
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
  const auto held = gather(*maps, name, folder);
  parent.pinned = true;
  parent.lease_seconds = seconds_between(held.now, held.lease_expires_ns);
  parent.owner_pid = maps->meta().owner_pid;
  parent.daemon_seconds = age_of(parent.owner_pid);
  parent.owner_in_service = is_in_service(parent.owner_pid);
  parent.observe = held.observe;
  parent.hidden_tags = (maps->limits().flags & ARPL_LIMIT_HIDDEN_TAGS) != 0;
  if (parent.daemon != Daemon::answers) parent.endpoints = endpoints_in(to_json(held));
  add_claim_times(parent, held);
}

void hear_daemon(Parent& parent, const PinName& name, const Roots& roots, const std::optional<json>& reply) {
  const auto entry = entry_of(reply, parent.link.ifindex);
  if (entry.is_null()) {
    parent.daemon = is_locked(roots.run, name.text()) ? Daemon::silent : Daemon::absent;
    return;
  }
  parent.daemon = Daemon::answers;
  if (entry.contains("egress") && entry["egress"].is_string()) parent.egress = entry["egress"];
  parent.announce = announce_in(entry);
  parent.endpoints = endpoints_in(entry);
  for (auto& endpoint : parent.endpoints)
    if (endpoint.heard_at_ns != 0) endpoint.heard_seconds_ago = seconds_between(endpoint.heard_at_ns, now_ns());
}

void ask_what_is_gone(Parent& parent, const PinName& name, const Roots& roots,
                      std::vector<std::string>& unseen) {
  if (parent.daemon != Daemon::answers) {
    unseen.push_back(
        fmt::format("what vanished from {}, and when: no arplined answers there", visible(parent.link.name)));
    return;
  }
  const auto reply = ask(roots.run + "/" + name.text() + "/control.sock", {{"cmd", "gone"}});
  if (!reply || !reply->contains("gone"))
    unseen.push_back(
        fmt::format("what vanished from {}, and when: its arplined does not tell", visible(parent.link.name)));
  else
    parent.gone = tombstones_in(*reply, parent.link.name);
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
  hear_daemon(parent, name, roots, reply);
  read_maps(parent, name, roots);
  ask_what_is_gone(parent, name, roots, unseen);
  read_wire_side(parent, unseen);
  return parent;
}

}  // namespace arpline::doctor
