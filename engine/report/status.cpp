// SPDX-License-Identifier: Apache-2.0
#include "report/status.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/answers.hpp"
#include "report/metrics.hpp"
#include "report/watched.hpp"
#include "shared/storm.h"

namespace arpline {
namespace {

std::string ethertype_name(unsigned type) {
  if (type == 0) return "other";
  if (type == ARPL_ETHERTYPE_IPV4) return "ipv4";
  if (type == ARPL_ETHERTYPE_IPV6) return "ipv6";
  return fmt::format("{:#06x}", type);
}

// "other" (ethertype 0) comes last: it covers the ethertypes without a limit of their own.
unsigned order_of(const arpl_storm_key& key) {
  constexpr unsigned kKindShift = 16;
  return (unsigned{key.kind} << kKindShift) + ((arpl_swap16(key.ethertype) - 1U) & 0xffffU);
}

std::uint64_t frames_of(const SenderStatus& sender) {
  return sender.counters.requests + sender.counters.replies + sender.counters.announcements;
}

GoneStatus gone_status(const Tombstone& tombstone, Instant now) {
  GoneStatus gone{.parent = tombstone.parent,
                  .address = tombstone.key.address,
                  .vlan = tombstone.key.vlan,
                  .prefix_bits = tombstone.prefix_bits,
                  .mac = tombstone.mac,
                  .netns = tombstone.netns,
                  .interface = tombstone.interface,
                  .seconds_ago = seconds_ago(tombstone.gone_at, now).value_or(0),
                  .reason = reason_of(tombstone),
                  .trail = trail_status(tombstone.trail, now)};
  if (tombstone.up_at) gone.lived_seconds = seconds_ago(*tombstone.up_at, tombstone.gone_at).value_or(0);
  return gone;
}

}  // namespace

GoneAnswer gone_status(const History& history, const ForeignText& parent, Instant now) {
  GoneAnswer answer;
  const auto& all = history.tombstones();
  std::for_each(all.rbegin(), all.rend(), [&](const Tombstone& one) {
    if (one.parent == parent) answer.gone.push_back(gone_status(one, now));
  });
  return answer;
}

std::vector<StormStatus> storm_status(std::vector<std::pair<arpl_storm_key, arpl_storm_limit>> limits) {
  std::ranges::sort(limits, {}, [](const auto& limit) { return order_of(limit.first); });
  std::vector<StormStatus> all;
  all.reserve(limits.size());
  for (const auto& [key, limit] : limits)
    all.push_back({.kind = key.kind == ARPL_STORM_BROADCAST ? "broadcast" : "multicast",
                   .ethertype = ethertype_name(arpl_swap16(key.ethertype)),
                   .per_second = limit.per_second,
                   .counters = counters_of(limit)});
  return all;
}

void sort_busiest_first(std::vector<SenderStatus>& senders) {
  std::ranges::sort(senders, [](const SenderStatus& a, const SenderStatus& b) {
    return frames_of(a) != frames_of(b) ? frames_of(a) > frames_of(b) : a.mac < b.mac;
  });
}

template <class Status>
nlohmann::json to_json(const Status& status) {
  return JsonWriter::json_of(status);
}

template <class Status>
Status from_json(const nlohmann::json& answer) {
  Status status;
  const std::string all;
  JsonReader list{answer, all};
  fields(list, status);
  return status;
}

template nlohmann::json to_json(const ParentStatus&);
template nlohmann::json to_json(const StatusAnswer&);
template nlohmann::json to_json(const GoneAnswer&);
template nlohmann::json to_json(const LimitAnswer&);
template nlohmann::json to_json(const MetricsAnswer&);
template nlohmann::json to_json(const ReloadAnswer&);
template nlohmann::json to_json(const WatchRequest&);
template nlohmann::json to_json(const WatchAnswer&);
template nlohmann::json to_json(const WatchedFrame&);
template nlohmann::json to_json(const WatchLeftOut&);
template ParentStatus from_json(const nlohmann::json&);
template StatusAnswer from_json(const nlohmann::json&);
template GoneAnswer from_json(const nlohmann::json&);
template LimitAnswer from_json(const nlohmann::json&);
template MetricsAnswer from_json(const nlohmann::json&);
template ReloadAnswer from_json(const nlohmann::json&);
template WatchRequest from_json(const nlohmann::json&);
template WatchAnswer from_json(const nlohmann::json&);
template WatchedFrame from_json(const nlohmann::json&);
template WatchLeftOut from_json(const nlohmann::json&);

}  // namespace arpline
