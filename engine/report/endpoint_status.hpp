// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "endpoints/claims.hpp"
#include "endpoints/history.hpp"
#include "report/counters.hpp"
#include "report/fields.hpp"

/// The part of status.hpp about endpoints.
namespace arpline {

/// Whether an endpoint's own who-has get an answer from its gateway.
struct PathStatus {
  Ipv4 gateway = 0;
  Mac gateway_mac = 0;            ///< 0: the gateway has never answered
  std::string state = "unknown";  ///< or "reachable", "suspect", "lost", "sibling", "host"
  std::optional<double> since_seconds{};
  std::optional<double> answered_seconds_ago{};  ///< none: never
  std::optional<double> rtt_ms{};                ///< round-trip time of that answer
  std::optional<bool> host_reaches{};            ///< the parent's own who-has to the gateway are answered
  /// The last other MAC that has answered for the gateway; 0: none.
  Mac disputed_by = 0;
  std::optional<double> disputed_seconds_ago{};
};

void fields(auto& list, MaybeConst<PathStatus> auto& p) {
  list("gateway", as_ipv4(p.gateway));
  list("gateway_mac", or_null(as_mac(p.gateway_mac)));
  list("state", p.state);
  list("since_seconds", p.since_seconds);
  list("answered_seconds_ago", p.answered_seconds_ago);
  list("rtt_ms", p.rtt_ms);
  list("host_reaches_gateway", p.host_reaches);
  list("disputed_by", or_null(as_mac(p.disputed_by)));
  list("disputed_seconds_ago", p.disputed_seconds_ago);
}

/// The reactions to claims of an endpoint's address.
struct ConflictStatus {
  bool gave_up = false;
  bool moves_too_often = false;
  bool silent = false;  ///< a claim keeps the endpoint from being announced
  std::optional<double> defended_seconds_ago{};
  std::uint64_t defences = 0;
};

void fields(auto& list, MaybeConst<ConflictStatus> auto& c) {
  list("gave_up", c.gave_up);
  list("moves_too_often", c.moves_too_often);
  list("silent", c.silent);
  list("defended_seconds_ago", c.defended_seconds_ago);
  list("defences", c.defences);
}

/// A station that claims an endpoint's address.
struct ClaimantStatus {
  Mac mac = 0;
  std::optional<double> first_seconds_ago{};
  std::optional<double> last_seconds_ago{};
  std::uint64_t times = 0;
  std::string from{};    ///< "wire" or "host"
  bool dropped = false;  ///< the last claim did not leave the host
  std::string party{};   ///< claim_origin_name()
  std::string place{};   ///< "NAMESPACE/INTERFACE" of a claimant on this host; empty: elsewhere
};

void fields(auto& list, MaybeConst<ClaimantStatus> auto& c) {
  list("mac", as_mac(c.mac));
  list("first_seconds_ago", c.first_seconds_ago);
  list("last_seconds_ago", c.last_seconds_ago);
  list("times", c.times);
  list("from", c.from);
  list("dropped", c.dropped);
  list("party", c.party);
  list("place", or_null(c.place));
}

/// Frames from the wire with an endpoint's MAC as their source.
struct SeenOutside {
  std::uint64_t times = 0;
  double first_seconds_ago = 0;
  double last_seconds_ago = 0;
};

void fields(auto& list, MaybeConst<SeenOutside> auto& s) {
  list("times", s.times);
  list("first_seconds_ago", s.first_seconds_ago);
  list("last_seconds_ago", s.last_seconds_ago);
}

/// Counts who-has for an endpoint that were sent to another MAC than its own.
struct Misdirected {
  std::uint64_t times = 0;
  Mac mac = 0;         ///< of the last such frame
  Ipv4 requester = 0;  ///< its sender
  double last_seconds_ago = 0;
};

void fields(auto& list, MaybeConst<Misdirected> auto& m) {
  list("times", m.times);
  list("mac", as_mac(m.mac));
  list("requester", as_ipv4(m.requester));
  list("last_seconds_ago", m.last_seconds_ago);
}

/// An event of an interface.
struct Step {
  double seconds_ago = 0;
  std::string event{};
};

void fields(auto& list, MaybeConst<Step> auto& s) {
  list("seconds_ago", s.seconds_ago);
  list("event", s.event);
}

/// An endpoint, from the maps and, when there is one, from the daemon.
struct EndpointStatus {
  ForeignText parent{};
  Ipv4 address = 0;
  std::uint16_t vlan = 0;
  Mac mac = 0;
  std::uint8_t prefix_bits = 0;       ///< of its subnet
  ForeignText netns{};                ///< empty: only the daemon knows
  ForeignText interface {};           ///< empty: only the daemon knows
  std::string state{};                ///< "confirmed", "waiting" or "not_served"
  std::string reason{};               ///< not_served_reason(), "contested", or empty
  std::string also_at{};              ///< the other places of a duplicate
  bool fast_path = true;              ///< the ingress program may answer for it
  std::uint64_t heard_at_ns = 0;      ///< CLOCK_MONOTONIC; 0: it existed before the daemon started
  std::uint64_t confirmed_at_ns = 0;  ///< CLOCK_MONOTONIC; 0: never
  std::optional<double> confirmed_seconds_ago{};
  std::optional<double> announced_seconds_ago{};
  bool probing = false;  ///< not announced yet: the probes for its address are under way
  std::vector<ClaimantStatus> claimants{};
  ConflictStatus conflict{};
  std::optional<PathStatus> path{};  ///< none: no gateway, path_probe is off, or not known
  std::optional<SeenOutside> seen_outside{};
  std::optional<Misdirected> misdirected{};
  /// Events of an endpoint that is not served, in the order in which they were received.
  std::vector<Step> trail{};
  EndpointCounters counters{};
  std::optional<Mac> last_claimant_mac{};
  std::optional<double> last_asked_seconds_ago{};
  std::optional<Ipv4> last_requester{};
  std::optional<Mac> last_requester_mac{};
};

void fields(auto& list, MaybeConst<EndpointStatus> auto& e) {
  list("parent", e.parent);
  list("vlan", e.vlan);
  list("address", as_ipv4(e.address));
  list("prefix", e.prefix_bits);
  list("mac", as_mac(e.mac));
  list("namespace", or_null(e.netns));
  list("interface", or_null(e.interface));
  list("state", e.state);
  list("reason", or_null(e.reason));
  list("also_at", or_null(e.also_at));
  list("fast_path", e.fast_path);
  list("heard_at_ns", or_null(e.heard_at_ns));
  list("confirmed_at_ns", or_null(e.confirmed_at_ns));
  list("confirmed_seconds_ago", e.confirmed_seconds_ago);
  list("announced_seconds_ago", e.announced_seconds_ago);
  list("probing", e.probing);
  list("claimants", e.claimants);
  list("conflict", e.conflict);
  list("path", e.path);
  list("seen_outside", e.seen_outside);
  list("misdirected", e.misdirected);
  list("trail", e.trail);
  fields(list, e.counters);
  list("last_claimant_mac", as_mac(e.last_claimant_mac));
  list("last_asked_seconds_ago", e.last_asked_seconds_ago);
  list("last_requester_mac", as_mac(e.last_requester_mac));
  list("last_requester", as_ipv4(e.last_requester));
}

/// From the maps at time `now`; fields that only a daemon knows keep their defaults.
EndpointStatus endpoint_status(const arpl_endpoint_key& key, const arpl_endpoint& endpoint,
                               const arpl_slot& slot, const arpl_endpoint_stats& stats, Instant now);
ClaimantStatus claimant_status(const Claims::Claimant& claimant, ClaimOrigin origin, Instant now);
std::vector<Step> trail_status(std::span<const InterfaceEvent> trail, Instant now);

/// Sorts by VLAN, then by address.
void sort_by_address(std::vector<EndpointStatus>& endpoints);

/// Seconds from `then` to `now`; nullopt for kNoTime, which means
/// never.
std::optional<double> seconds_ago(Instant then, Instant now);

/// "confirmed", "waiting" or "not_served".
std::string_view served_state(const arpl_slot& slot, Instant now);
/// The reason why the endpoint is not served, in one word; empty when it is served.
std::string_view not_served_reason(const arpl_slot& slot);

}  // namespace arpline
