// SPDX-License-Identifier: Apache-2.0
// A parent's metrics. It walks through the slots, which lie side by side, and takes the sums that the parts
// keep: the loop can't wait for a walk through the tree of 65,536 endpoints.
#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/clock.hpp"
#include "config/limits.hpp"
#include "control/gather.hpp"
#include "control/parent_parts.hpp"

namespace arpline {
namespace {

constexpr std::array<const char*, kPathStates> kPaths{"unknown", "reachable", "suspect",
                                                      "lost",    "sibling",   "host"};
constexpr std::array kEndpointStates{"confirmed", "waiting", "flux",  "host",       "host_address",
                                     "duplicate", "down",    "noarp", "unanswered", "mode_source"};

double one_if(bool condition) {
  return condition ? 1 : 0;
}

// The word for an endpoint in the metrics: a reason not to serve it says more than that it is not served.
std::string_view state_word(const arpl_slot& slot, Instant now) {
  const auto reason = not_served_reason(slot);
  return reason.empty() ? served_state(slot, now) : reason;
}

EndpointMetrics endpoint_metrics(const ParentParts& parts, const Table::Entry& entry, Instant now) {
  const auto& slot = parts.attachment.maps().slots()[entry.slot];
  const auto& desired = entry.desired;
  EndpointMetrics endpoint{.address = desired.key.address,
                           .vlan = desired.key.vlan,
                           .mac = desired.word & ARPL_MAC_MASK,
                           .netns = desired.netns,
                           .interface = desired.interface,
                           .counters = counters_of(parts.attachment.maps().stats()[entry.slot], slot)};
  endpoint.gauges.served = one_if(not_served_reason(slot).empty());
  endpoint.gauges.confirmed = one_if(served_state(slot, now) == "confirmed");
  endpoint.gauges.contested = one_if(arpl_slot_contested(&slot, raw(now)) != 0);
  const auto path = parts.protocol.view(entry.slot, now).path;
  if (!path) return endpoint;
  if (path->state == PathState::reachable) endpoint.gauges.path_reachable = 1;
  if (path->state == PathState::suspect || path->state == PathState::lost) endpoint.gauges.path_reachable = 0;
  if (path->answered_at != kNoTime) endpoint.gauges.path_rtt = in_seconds(path->rtt);
  return endpoint;
}

// Counts all endpoints by state, and describes those in the first slots: a slot is given to the endpoint that
// comes first, so no new endpoint takes another one's series away.
void walk_slots(const ParentParts& parts, std::size_t most, MetricsAnswer& answer, Instant now) {
  std::size_t used = 0;
  std::string_view last;
  Value* count = nullptr;
  for (const auto* state : kEndpointStates) answer.groups.endpoints[state] = 0;
  const auto slots = parts.attachment.maps().slots();
  for (std::uint32_t number = 0; number < slots.size(); ++number) {
    if (slots[number].word == 0) continue;
    ++used;
    const auto state = state_word(slots[number], now);
    if (count == nullptr || state != last) count = &answer.groups.endpoints[std::string{state}];
    count->emplace(count->value_or(0) + 1);
    last = state;
    if (answer.endpoints.size() >= most) continue;
    if (const auto* entry = parts.registry.table().find_slot(number))
      answer.endpoints.push_back(endpoint_metrics(parts, *entry, now));
  }
  answer.gauges.table_left_out = static_cast<double>(used - std::min(used, answer.endpoints.size()));
}

void add_senders(const ParentParts& parts, MetricsAnswer& answer) {
  const auto& maps = parts.attachment.maps();
  std::unordered_set<Mac> known;
  const auto add = [&](Mac mac) {
    if (!known.insert(mac).second) return;
    if (const auto sender = maps.sender(mac))
      answer.senders.push_back({.mac = mac, .counters = counters_of(*sender)});
  };
  add(parts.state.parent.mac);
  for (const auto& endpoint : answer.endpoints) add(endpoint.mac);
}

void sum_machines(const ParentParts& parts, MetricsAnswer& answer, Instant now) {
  const auto sums = parts.protocol.summary();
  for (std::size_t i = 0; i < kPaths.size(); ++i)
    answer.groups.paths[kPaths.at(i)] = static_cast<double>(sums.paths.by_state.at(i));
  answer.histograms.path_rtt = histogram_metric(sums.paths.rtt);
  answer.groups.conflicts = {{"contested", static_cast<double>(sums.contested)},
                             {"gave_up", static_cast<double>(sums.gave_up)},
                             {"moves_too_often", static_cast<double>(sums.moves_too_often)},
                             {"silent", static_cast<double>(sums.silent)}};
  // In observe, and with announce.pps = 0, nothing is ever sent, so nothing is late.
  if (parts.worker.service() != nullptr && parts.state.config.announce.pps != 0)
    answer.gauges.announcement_lag = in_seconds(now - std::min(now, sums.announcement_due_at));
}

// The budgets that one bucket holds; a source's or an endpoint's share has a bucket for each of them.
struct Budget {
  const char* limit;
  arpl_bucket bucket;
};
constexpr std::array kBudgets{Budget{"to_child", ARPL_BUCKET_TO_CHILD},
                              Budget{"to_child_trusted", ARPL_BUCKET_TO_CHILD_TRUSTED},
                              Budget{"ring", ARPL_BUCKET_RING},
                              Budget{"ring_new", ARPL_BUCKET_RING_NEW},
                              Budget{"reflect_max", ARPL_BUCKET_REFLECT},
                              Budget{"foreign", ARPL_BUCKET_FOREIGN},
                              Budget{"odd", ARPL_BUCKET_ODD},
                              Budget{"events", ARPL_BUCKET_EVENTS},
                              Budget{"own_macs", ARPL_BUCKET_OWN_MACS}};

double used_part(Instant arrival, const arpl_budget& budget, Instant now) {
  if (budget.interval_ns == 0 || budget.burst_ns == 0) return 0;
  const std::chrono::duration<double, std::nano> used = arrival - std::min(arrival, now);
  return std::min(1.0, used.count() / static_cast<double>(budget.burst_ns));
}

void describe_limits(const ParentParts& parts, GroupGauges& groups, Instant now) {
  const auto& maps = parts.attachment.maps();
  const auto value_of = [](const Rate& rate) { return rate ? Value{static_cast<double>(*rate)} : Value{}; };
  for (const auto& spec : limit_specs()) {
    const std::string name{spec.name};
    groups.limit_frames_per_second[name] = value_of(parts.settings.limits().rate(spec));
    groups.limit_in_force_frames_per_second[name] = value_of(rate_of(maps.limits().*spec.budget));
  }
  for (const auto& [limit, bucket] : kBudgets)
    groups.budget_used_ratio[limit] = used_part(instant_from_raw(arpl_bucket_load(&maps.buckets()[bucket])),
                                                maps.limits().*find_limit(limit)->budget, now);
}

void describe_neighbours(const ParentParts& parts, MetricsAnswer& answer) {
  const auto status = parts.shared.neighbours.status(parts.settings.neighbour_fit());
  if (!status) return;
  auto& daemon = answer.daemon_gauges;
  daemon.neighbour_table = static_cast<double>(status->entries);
  daemon.neighbour_table_limit = static_cast<double>(status->limit);
  daemon.neighbour_table_full = one_if(status->full);
  if (status->not_counted) daemon.neighbour_table_exempt = static_cast<double>(*status->not_counted);
  answer.gauges.neighbour_room = static_cast<double>(status->room);
  answer.gauges.neighbour_asked = static_cast<double>(status->asked);
}

void describe_parent(const ParentParts& parts, MetricsAnswer& answer, Instant now) {
  const auto& maps = parts.attachment.maps();
  const auto lease = maps.lease();
  auto& gauges = answer.gauges;
  gauges.observing = one_if((maps.limits().flags & ARPL_LIMIT_OBSERVE) != 0);
  gauges.lease_left = in_seconds(lease - std::min(lease, now));
  gauges.lease_age = in_seconds(now + Leases::kLease - std::min(now + Leases::kLease, lease));
  gauges.rings = static_cast<double>(parts.worker.queues());
  gauges.fast_path_on = one_if((maps.limits().flags & ARPL_LIMIT_FAST_PATH) != 0);
  gauges.egress_seen = one_if(parts.egress.sight() == EgressHealth::Sight::seen);
  gauges.table_room = static_cast<double>(parts.registry.table().room());
  double waiting = 0;
  for (const auto& [netns, addresses] : parts.registry.waiting()) waiting += static_cast<double>(addresses);
  gauges.table_waiting = waiting;
}

void count(const ParentParts& parts, MetricsAnswer& answer) {
  const auto& maps = parts.attachment.maps();
  const auto lost = parts.worker.lost_orders();
  answer.verdicts = {.wire = wire_counts(maps.verdicts()),
                     .other = other_counts(maps.other_verdicts()),
                     .engine = engine_counts(sum_engine(maps))};
  answer.egress = counters_of(maps.egress_stats());
  answer.sent = parts.protocol.sent();
  answer.counters = {.announcements_lost = lost.announcements,
                     .probes_lost = lost.probes,
                     .egress_attached_again = parts.egress.put_back()};
  answer.driver.reflect_refused = parts.shared.refused.count(parts.state.link.ifindex);
  answer.storm = storm_status(maps.storm_limits());
}

}  // namespace

MetricsAnswer metrics_of(const ParentParts& parts, std::size_t most) {
  const auto now = Clock::now();
  MetricsAnswer answer{.parent = parts.state.link.name};
  count(parts, answer);
  describe_parent(parts, answer, now);
  describe_limits(parts, answer.groups, now);
  describe_neighbours(parts, answer);
  sum_machines(parts, answer, now);
  walk_slots(parts, most, answer, now);
  if (most > 0) add_senders(parts, answer);
  return answer;
}

}  // namespace arpline
