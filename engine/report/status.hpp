// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/announce_policy.hpp"
#include "base/net.hpp"
#include "endpoints/claims.hpp"
#include "endpoints/history.hpp"
#include "report/senders.hpp"
#include "shared/abi.h"
#include "shared/verdicts.h"

namespace arpline {

/// Whether an endpoint's own frames reach its gateway. Times are CLOCK_MONOTONIC's, ns.
struct PathStatus {
  Ipv4 gateway = 0;
  Mac gateway_mac = 0;            ///< 0: not known
  std::string state = "unknown";  ///< or "reachable", "suspect", "lost", "sibling", "host"
  std::uint64_t since = 0;
  std::uint64_t answered_at = 0;       ///< 0: never
  std::uint64_t rtt_ns = 0;            ///< of that answer
  std::optional<bool> host_reaches{};  ///< the same gateway; none: not known
  Mac disputed_by = 0;                 ///< has answered in its place, last; 0: nobody
  std::uint64_t disputed_at = 0;
};

/// What was done about those who claim an endpoint's address.
struct ConflictStatus {
  bool gave_up = false;
  bool moves_too_often = false;
  bool silent = false;            ///< a claim keeps it from being announced
  std::uint64_t defended_at = 0;  ///< 0: never
  std::uint64_t defences = 0;
};

/// An endpoint's MAC came in from the wire as a source.
struct SeenOutside {
  std::uint64_t first_at = 0;
  std::uint64_t last_at = 0;
  std::uint64_t times = 0;
};

/// How a parent's endpoints are announced.
struct AnnounceStatus {
  OnConflict on_conflict = OnConflict::alert;
  std::uint64_t refresh_ns = 0;  ///< 0: never again
  std::uint64_t pps = 0;
};

/// Frames that were sent for a parent's endpoints.
struct SentStatus {
  std::uint64_t announcements = 0;
  std::uint64_t defences = 0;
  std::uint64_t probes = 0;
  std::uint64_t asked = 0;  ///< who-has for gateways
};

/// How long the daemon's control loop takes.
struct LoopStatus {
  std::uint64_t longest_ns = 0;
  std::uint64_t recent_ns = 0;  ///< the longest turn of the last minute or two
};

/// One endpoint as the maps and, when it lives, the daemon know it.
struct EndpointStatus {
  arpl_endpoint_key key{};
  std::uint8_t prefix_bits = 0;
  arpl_slot slot{};
  arpl_endpoint_stats stats{};
  ForeignText netns;           ///< empty: only the daemon knows
  ForeignText interface;       ///< likewise
  std::string also_at{};       ///< a duplicate's other places; likewise
  std::uint64_t heard_at = 0;  ///< when the event was received that it follows from; 0: none, or likewise
  std::vector<Claims::Claimant> claimants{};  ///< likewise
  std::vector<InterfaceEvent> trail{};        ///< what befell its interface; likewise
  std::uint64_t announced_at = 0;             ///< 0: never, or likewise
  bool probing = false;                       ///< held back until it is known to be free
  ConflictStatus conflict{};
  std::optional<PathStatus> path{};  ///< none: no gateway, path_probe is off, or likewise
  std::optional<SeenOutside> seen_outside{};
};

struct ParentStatus {
  ForeignText parent;
  int ifindex = 0;
  bool daemon = false;
  bool observe = false;
  std::uint64_t lease_expires_ns = 0;
  std::uint64_t now = 0;
  int queues = 0;                           ///< with a ring
  std::uint64_t announcements_lost = 0;     ///< the port did not take them
  std::string egress;                       ///< "seen", "hidden", "missing" or "unknown"
  std::uint64_t egress_attached_again = 0;  ///< so often has somebody removed our filter
  std::optional<std::uint64_t>
      reflect_refused{};                      ///< answers that the driver did not send; none: it can't be known
  std::optional<LoopStatus> loop{};           ///< none: only the daemon knows
  ForeignText pins;                           ///< folder
  std::vector<std::uint64_t> verdicts;        ///< as Maps::verdicts()
  std::vector<std::uint64_t> other_verdicts;  ///< as Maps::other_verdicts()
  std::vector<std::uint64_t> engine_verdicts;
  std::string fast_path;  ///< "on", "off", "refused_by_the_driver" or "no_xdp_at_the_other_end"
  std::map<std::string, std::optional<std::uint64_t>> limits;  ///< frames a second; none: no limit
  std::vector<std::string> warnings;
  std::optional<AnnounceStatus> announce;  ///< none: only the daemon knows
  std::optional<SentStatus> sent;          ///< likewise
  arpl_egress_stats egress_counts{};
  std::optional<std::vector<Sender>> senders;  ///< only for who asked for them
  nlohmann::json found = nullptr;              ///< Samples: from an event's receipt to the table
  nlohmann::json neighbours = nullptr;         ///< the table of them, and what is this parent's; likewise
  nlohmann::json withdrawn = nullptr;          ///< Samples: from an event's receipt to the last answer
  std::vector<EndpointStatus> endpoints;
  std::map<Mac, std::string> claimants;  ///< "NAMESPACE/INTERFACE" of those that are on this host
  std::vector<std::pair<arpl_storm_key, arpl_storm_limit>> storm;  ///< limits on what is not ARP
};

nlohmann::json to_json(const ParentStatus& status);

/// The same for a person, from {"parents": […]}.
std::string to_text(const nlohmann::json& status);

/// The name of a verdict counter: enum arpl_verdict, then the would_ twins.
std::string counter_name(std::size_t index);

/// Likewise of what is not ARP: enum arpl_other_verdict, then the would_ twins.
std::string other_counter_name(std::size_t index);

/// Why the endpoint is not served, as one word; empty when it is.
std::string not_served_reason(const arpl_slot& slot);

}  // namespace arpline
