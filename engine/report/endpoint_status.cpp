// SPDX-License-Identifier: Apache-2.0
#include "report/endpoint_status.hpp"

#include <algorithm>
#include <utility>

#include "shared/abi.h"
#include "shared/packet.h"

namespace arpline {
namespace {

std::string reason_of(const arpl_slot& slot, Instant now) {
  const auto reason = std::string{not_served_reason(slot)};
  return reason.empty() && arpl_slot_contested(&slot, raw(now)) != 0 ? "contested" : reason;
}

std::optional<Misdirected> misdirected(const arpl_endpoint_stats& stats, Instant now) {
  if (stats.misdirected == 0) return std::nullopt;
  return Misdirected{.times = stats.misdirected,
                     .mac = stats.misdirected_mac,
                     .requester = stats.misdirected_requester,
                     .last_seconds_ago = seconds_ago(instant_from_raw(stats.misdirected_at), now).value_or(0)};
}

}  // namespace

std::optional<double> seconds_ago(Instant then, Instant now) {
  if (then == kNoTime) return std::nullopt;
  return seconds_until(now, then);
}

std::string_view served_state(const arpl_slot& slot, Instant now) {
  if (!not_served_reason(slot).empty()) return "not_served";
  return arpl_slot_confirmed(&slot, raw(now)) != 0 ? "confirmed" : "waiting";
}

std::string_view not_served_reason(const arpl_slot& slot) {
  if (slot.word == 0) return "withdrawn";
  if ((slot.word & ARPL_SLOT_DOWN) != 0) return "down";
  if ((slot.word & ARPL_SLOT_NOARP) != 0) return "noarp";
  if ((slot.word & ARPL_SLOT_HOST_ADDRESS) != 0) return "host_address";
  if ((slot.word & ARPL_SLOT_DUPLICATE) != 0) return "duplicate";
  if ((slot.word & ARPL_SLOT_HOST) != 0) return "host";
  if ((slot.word & ARPL_SLOT_FLUX) != 0) return "flux";
  if ((slot.word & ARPL_SLOT_MODE_SOURCE) != 0) return "mode_source";
  return arpl_slot_unanswered(&slot) != 0 ? "unanswered" : "";
}

EndpointStatus endpoint_status(const arpl_endpoint_key& key, const arpl_endpoint& endpoint,
                               const arpl_slot& slot, const arpl_endpoint_stats& stats, Instant now) {
  EndpointStatus status;
  status.address = key.address;
  status.vlan = key.vlan;
  status.prefix_bits = endpoint.prefix_bits;
  status.mac = slot.word & ARPL_MAC_MASK;
  status.state = served_state(slot, now);
  status.reason = reason_of(slot, now);
  status.fast_path = (slot.flags & ARPL_FLAG_SLOW) == 0;
  status.confirmed_at_ns = slot.confirmed_at;
  status.confirmed_seconds_ago = seconds_ago(instant_from_raw(slot.confirmed_at), now);
  status.misdirected = misdirected(stats, now);
  status.counters = counters_of(stats, slot);
  if (stats.claims != 0) status.last_claimant_mac = stats.last_claimant_mac;
  status.last_asked_seconds_ago = seconds_ago(instant_from_raw(stats.last_seen), now);
  if (stats.last_seen == 0) return status;
  status.last_requester_mac = stats.last_requester_mac;
  status.last_requester = stats.last_requester;
  return status;
}

void sort_by_address(std::vector<EndpointStatus>& endpoints) {
  std::ranges::sort(endpoints, {}, [](const EndpointStatus& e) {
    return std::pair{e.vlan, arpl_swap32(e.address)};
  });
}

ClaimantStatus claimant_status(const Claims::Claimant& claimant, ClaimOrigin origin, Instant now) {
  return {.mac = claimant.mac,
          .first_seconds_ago = seconds_ago(claimant.first_at, now),
          .last_seconds_ago = seconds_ago(claimant.last_at, now),
          .times = claimant.times,
          .from = claimant.source == Claims::Source::wire ? "wire" : "host",
          .dropped = claimant.source == Claims::Source::dropped,
          .party = std::string{claim_origin_name(origin)}};
}

std::vector<Step> trail_status(std::span<const InterfaceEvent> trail, Instant now) {
  std::vector<Step> steps;
  steps.reserve(trail.size());
  for (const auto& one : trail)
    steps.push_back({.seconds_ago = seconds_ago(one.at, now).value_or(0), .event = describe(one)});
  return steps;
}

}  // namespace arpline
