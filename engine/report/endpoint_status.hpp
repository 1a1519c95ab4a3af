// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "endpoints/claims.hpp"
#include "endpoints/history.hpp"
#include "report/counters.hpp"
#include "report/fields.hpp"

/// What status tells of an endpoint: see status.hpp.
namespace arpline {

/// Whether an endpoint's own who-has reach its gateway.
struct PathStatus {
  Ipv4 gateway = 0;
  Mac gateway_mac = 0;            ///< 0: it has never answered
  std::string state = "unknown";  ///< or "reachable", "suspect", "lost", "sibling", "host"
  std::optional<double> since_seconds{};
  std::optional<double> answered_seconds_ago{};  ///< none: never
  std::optional<double> rtt_ms{};                ///< of that answer
  std::optional<bool> host_reaches{};            ///< the parent's own who-has to it are answered
  Mac disputed_by = 0;                           ///< has answered in its place, last; 0: nobody
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

/// What was done about those who claim an endpoint's address.
struct ConflictStatus {
  bool gave_up = false;
  bool moves_too_often = false;
  bool silent = false;  ///< a claim keeps it from being announced
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

/// Somebody who claims an endpoint's address.
struct ClaimantStatus {
  Mac mac = 0;
  std::optional<double> first_seconds_ago{};
  std::optional<double> last_seconds_ago{};
  std::uint64_t times = 0;
  std::string from{};    ///< "wire" or "host"
  bool dropped = false;  ///< the last one did not leave the host
  std::string party{};   ///< claim_origin_name()
  std::string place{};   ///< "NAMESPACE/INTERFACE" of who is on this host; empty: nobody here
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

/// An endpoint's MAC came in from the wire as a source.
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

/// Who-has for an endpoint that were sent to another MAC than its own.
struct Misdirected {
  std::uint64_t times = 0;
  Mac mac = 0;         ///< the last one
  Ipv4 requester = 0;  ///< who sent it there
  double last_seconds_ago = 0;
};

void fields(auto& list, MaybeConst<Misdirected> auto& m) {
  list("times", m.times);
  list("mac", as_mac(m.mac));
  list("requester", as_ipv4(m.requester));
  list("last_seconds_ago", m.last_seconds_ago);
}

/// One thing that befell an interface.
struct Step {
  double seconds_ago = 0;
  std::string event{};
};

void fields(auto& list, MaybeConst<Step> auto& s) {
  list("seconds_ago", s.seconds_ago);
  list("event", s.event);
}

/// One endpoint as the maps and, when it lives, the daemon know it.
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
  std::string also_at{};              ///< a duplicate's other places
  bool fast_path = true;              ///< it may be answered by the program
  std::uint64_t heard_at_ns = 0;      ///< CLOCK_MONOTONIC; 0: it was there when the daemon came
  std::uint64_t confirmed_at_ns = 0;  ///< CLOCK_MONOTONIC; 0: never
  std::optional<double> confirmed_seconds_ago{};
  std::optional<double> announced_seconds_ago{};
  bool probing = false;  ///< not announced before it is known to be free
  std::vector<ClaimantStatus> claimants{};
  ConflictStatus conflict{};
  std::optional<PathStatus> path{};  ///< none: no gateway, path_probe is off, or nobody knows
  std::optional<SeenOutside> seen_outside{};
  std::optional<Misdirected> misdirected{};
  std::vector<Step> trail{};  ///< of one that is not served, in the order in which it was heard
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

/// As the maps have it at `now`; what only a daemon knows is left as it is.
EndpointStatus endpoint_status(const arpl_endpoint_key& key, const arpl_endpoint& endpoint,
                               const arpl_slot& slot, const arpl_endpoint_stats& stats, std::uint64_t now);
ClaimantStatus claimant_status(const Claims::Claimant& claimant, ClaimOrigin origin, std::uint64_t now);
std::vector<Step> trail_status(std::span<const InterfaceEvent> trail, std::uint64_t now);

/// By VLAN, then by address.
void sort_by_address(std::vector<EndpointStatus>& endpoints);

/// From `then` to `now`, both nanoseconds of CLOCK_MONOTONIC; none for a `then` of 0, which is never.
std::optional<double> seconds_ago(std::uint64_t then, std::uint64_t now);

/// Why the endpoint is not served, as one word; empty when it is.
std::string not_served_reason(const arpl_slot& slot);

}  // namespace arpline
