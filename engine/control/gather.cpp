// SPDX-License-Identifier: Apache-2.0
#include "control/gather.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/clock.hpp"
#include "base/net.hpp"
#include "config/limits.hpp"
#include "shared/packet.h"

namespace arpline {
namespace {

std::vector<std::uint64_t> sum_engine(const Maps& maps) {
  std::vector<std::uint64_t> sum(ARPL_ENGINE_VERDICTS);
  for (auto& row : maps.engine_counts()) {
    auto* counters = reinterpret_cast<__u64*>(&row);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += std::atomic_ref<__u64>(counters[i]).load();
  }
  return sum;
}

}  // namespace

ParentStatus gather(const Maps& maps, const PinName& name, const std::string& folder) {
  ParentStatus status;
  status.parent = name.parent;
  status.ifindex = name.ifindex;
  status.observe = (maps.limits().flags & ARPL_LIMIT_OBSERVE) != 0;
  status.lease_expires_ns = maps.lease();
  status.now = now_ns();
  status.egress = "unknown";
  status.pins = folder;
  status.verdicts = maps.verdicts();
  status.other_verdicts = maps.other_verdicts();
  status.engine_verdicts = sum_engine(maps);
  status.fast_path = (maps.limits().flags & ARPL_LIMIT_FAST_PATH) != 0 ? "on" : "off";
  for (const auto& spec : limit_specs()) status.limits.emplace(spec.name, rate_of(maps.limits().*spec.budget));
  status.egress_counts = maps.egress_stats();
  for (const auto& [key, value] : maps.endpoints()) {
    if (value.slot >= maps.slots().size()) continue;
    status.endpoints.push_back({.key = key,
                                .prefix_bits = value.prefix_bits,
                                .slot = maps.slots()[value.slot],
                                .stats = maps.stats()[value.slot],
                                .netns = {},
                                .interface = {}});
  }
  std::ranges::sort(status.endpoints, [](const EndpointStatus& a, const EndpointStatus& b) {
    if (a.key.vlan != b.key.vlan) return a.key.vlan < b.key.vlan;
    return arpl_swap32(a.key.address) < arpl_swap32(b.key.address);
  });
  status.storm = maps.storm_limits();
  return status;
}

std::vector<Sender> gather_senders(const Maps& maps, const Owners& owners, const ForeignText& parent) {
  std::vector<Sender> senders;
  for (const auto& [mac, sent] : maps.senders()) {
    const auto owner = owners.find(mac);
    Sender sender{.mac = mac, .netns = {}, .interface = sent.host != 0 ? parent : "", .sent = sent};
    if (owner != owners.end()) {
      sender.netns = owner->second.netns;
      sender.interface = owner->second.interface;
    }
    senders.push_back(std::move(sender));
  }
  return senders;
}

}  // namespace arpline
