// SPDX-License-Identifier: Apache-2.0
#include "control/gather.hpp"

#include <utility>

#include "base/net.hpp"
#include "base/shared_word.hpp"
#include "config/limits.hpp"

namespace arpline {

std::vector<std::uint64_t> sum_engine(const Maps& maps) {
  std::vector<std::uint64_t> sum(ARPL_ENGINE_VERDICTS);
  for (auto& row : maps.engine_counts()) {
    auto* counters = reinterpret_cast<__u64*>(&row);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += relaxed_load(counters[i]);
  }
  return sum;
}

ParentStatus gather(const Maps& maps, const ForeignText& parent, int ifindex, const std::string& folder,
                    Instant now) {
  ParentStatus status;
  status.parent = parent;
  status.ifindex = ifindex;
  status.mode = (maps.limits().flags & ARPL_LIMIT_OBSERVE) != 0 ? "observe" : "answer";
  status.lease = maps.lease() > now ? "live" : "expired";
  status.pins = folder;
  status.verdicts = wire_counts(maps.verdicts());
  status.other_verdicts = other_counts(maps.other_verdicts());
  status.engine_verdicts = engine_counts(sum_engine(maps));
  status.fast_path = (maps.limits().flags & ARPL_LIMIT_FAST_PATH) != 0 ? "on" : "off";
  for (const auto& spec : limit_specs()) status.limits.emplace(spec.name, rate_of(maps.limits().*spec.budget));
  status.egress_counters = counters_of(maps.egress_stats());
  for (const auto& [key, value] : maps.endpoints()) {
    if (value.slot >= maps.slots().size()) continue;
    status.endpoints.push_back(
        endpoint_status(key, value, maps.slots()[value.slot], maps.stats()[value.slot], now));
    status.endpoints.back().parent = parent;
  }
  sort_by_address(status.endpoints);
  status.storm = storm_status(maps.storm_limits());
  return status;
}

std::vector<SenderStatus> gather_senders(const Maps& maps, const Owners& owners, const ForeignText& parent) {
  std::vector<SenderStatus> senders;
  for (const auto& [mac, sent] : maps.senders()) {
    const auto owner = owners.find(mac);
    SenderStatus sender{.mac = mac,
                        .interface = sent.host != 0 ? parent : "",
                        .parent = sent.host != 0,
                        .counters = counters_of(sent)};
    if (owner != owners.end()) {
      sender.netns = owner->second.netns;
      sender.interface = owner->second.interface;
    }
    senders.push_back(std::move(sender));
  }
  sort_busiest_first(senders);
  return senders;
}

}  // namespace arpline
