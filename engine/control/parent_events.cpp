// SPDX-License-Identifier: Apache-2.0
#include "control/parent_events.hpp"

#include <spdlog/spdlog.h>

namespace arpline {
namespace {

constexpr LinePace::Rate kClaimantLines{.interval = 2s, .burst = 10s};
constexpr LinePace::Rate kAllClaimantsLines{.interval = 1s, .burst = 10s};
constexpr LinePace::Rate kOwnMacLines{.interval = 10s, .burst = 30s};
constexpr LinePace::Rate kAllOwnMacsLines{.interval = 1s, .burst = 10s};

bool is_claim(const arpl_event& event) {
  return event.type == ARPL_EVENT_CLAIM_FROM_WIRE || event.type == ARPL_EVENT_CLAIM_FROM_HOST ||
         event.type == ARPL_EVENT_CLAIM_DROPPED;
}

Claims::Source source_of(const arpl_event& claim) {
  if (claim.type == ARPL_EVENT_CLAIM_FROM_WIRE) return Claims::Source::wire;
  return claim.type == ARPL_EVENT_CLAIM_DROPPED ? Claims::Source::dropped : Claims::Source::host;
}

const char* how_it_came(Claims::Source source) {
  if (source == Claims::Source::wire) return "from the wire";
  return source == Claims::Source::dropped ? "on this host; dropped" : "on this host";
}

}  // namespace

ParentEvents::ParentEvents(const ParentState& state, EndpointRegistry& registry, ProtocolDriver& protocol,
                           Claims& claims)
    : state_(state),
      registry_(registry),
      protocol_(protocol),
      claims_(claims),
      claim_pace_(kClaimantLines, kAllClaimantsLines),
      own_mac_pace_(kOwnMacLines, kAllOwnMacsLines) {}

bool ParentEvents::on(const arpl_event& event, Instant now) {
  if (event.type == ARPL_EVENT_STRANGER) {
    stranger_ = true;
    return false;
  }
  if (is_claim(event) && registry_.is_no_claim(event)) return false;
  protocol_.on_event(event, now);
  if (event.type == ARPL_EVENT_OWN_MAC) on_own_mac(event);
  if (is_claim(event)) on_claim(event);
  return true;
}

void ParentEvents::on_own_mac(const arpl_event& event) {
  if (registry_.on_own_mac(event)) {
    const auto owner = registry_.owner_of(event.mac);
    spdlog::warn(
        "{}: a station on the wire that says {} has {} of {} too: its frames are answered as any other's",
        state_.name(), format_ipv4(event.address), format_mac(event.mac), place_of(owner));
    return;
  }
  if (registry_.shared().contains(event.mac)) return;  // logged before
  if (registry_.comes_back(event.mac) || !own_mac_pace_.take(event.mac, instant_from_raw(event.time_ns)))
    return;
  spdlog::warn("{}: {} is ours and came in from the wire: a loop or a duplicate MAC", state_.name(),
               format_mac(event.mac));
}

void ParentEvents::on_claim(const arpl_event& event) {
  claims_.on({.address = event.address, .vlan = event.vlan, .zero = 0}, event.mac, source_of(event),
             instant_from_raw(event.time_ns), registry_.claim_origin_of(event));
  if (!claim_pace_.take(event.mac, instant_from_raw(event.time_ns))) return;
  const auto owner = registry_.owner_of(event.mac);
  spdlog::warn("{}: {}{} claims {} ({})", state_.name(), format_mac(event.mac),
               owner.interface.empty() ? "" : " of " + place_of(owner), format_ipv4(event.address),
               how_it_came(source_of(event)));
}

}  // namespace arpline
