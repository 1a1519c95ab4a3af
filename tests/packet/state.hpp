// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "endpoints/tables.hpp"
#include "packet/frame.hpp"

namespace arpline::packet {

inline constexpr std::uint64_t milliseconds = 1'000'000;
inline constexpr std::uint64_t seconds = ARPL_SECOND_NS;
inline constexpr std::uint64_t never = ~std::uint64_t{0};
/// An age that lies ahead of the clock, so that the time counts as now for the length of any test.
inline constexpr std::uint64_t just_now = std::uint64_t{0} - 10 * seconds;

/// An address of no endpoint.
inline constexpr Ipv4 foreign_ip = ip(10, 1, 0, 77);

/// Neither 0 nor 1, so that a forgotten index shows.
inline constexpr std::uint32_t endpoint_slot = 7;
inline constexpr std::uint32_t sibling_slot = 8;
inline constexpr std::uint32_t generation = 41;
/// Derived as the daemon derives the maps' keys.
inline const arpl_hash_keys hash_keys = [] {
  arpl_hash_keys keys{};
  arpl_derive_keys(0x0123456789abcdefU, 0xfedcba9876543210U, &keys);
  return keys;
}();

enum class Pair {
  absent,
  fresh,                   ///< answered a second ago
  half_old,                ///< answered 31 s ago, not sampled since
  half_old_sampled,        ///< as half_old, and one frame was sent as a sample
  expired,                 ///< answered 61 s ago
  of_another_generation,   ///< answered before the slot's generation was bumped
  of_colliding_requesters  ///< its set holds only other pairs; the first word is the oldest
};

enum class Budget { normal, unlimited, zero, spent };

/// The contents of the tables when a frame arrives. The defaults: an endpoint that its kernel has confirmed, a
/// second endpoint, full budgets, no requester yet.
struct State {
  bool lease = true;
  bool endpoint = true;  ///< false: only the sibling is an endpoint
  std::uint16_t vlan = 0;
  Ipv4 address = endpoint_ip;
  std::uint8_t prefix_bits = 24;
  std::uint64_t flags = 0;  ///< ARPL_SLOT_*
  bool withdrawn = false;   ///< the slot's word is 0
  bool confirmed = true;
  std::uint64_t confirmed_ago = seconds;  ///< if confirmed
  std::uint32_t unanswered = 0;
  std::uint64_t unanswered_ago = never;
  std::uint64_t claimed_ago = never;
  Pair pair = Pair::absent;
  bool last = false;             ///< the slot has the pair too, as the one that was confirmed last
  Mac requester_mac = peer_mac;  ///< of the pair, and of the source's share
  Ipv4 requester_ip = peer_ip;
  Budget to_child = Budget::normal;
  Budget source = Budget::normal;
  Budget trusted = Budget::zero;
  Budget events = Budget::normal;
  Budget own_macs = Budget::normal;
  Budget ring = Budget::unlimited;  ///< also for ring_new
  Budget ring_source = Budget::unlimited;
  Budget ring_endpoint = Budget::unlimited;
  Budget reflect = Budget::unlimited;
  Budget reflect_source = Budget::unlimited;
  Budget foreign = Budget::unlimited;
  Budget odd = Budget::unlimited;
  bool probes_spent = false;                ///< the kernels have got all the probes of their budget
  bool checks_spent = false;                ///< the kernels have got all the checks of their budget
  std::uint64_t checked_ago = never;        ///< a check by the requester's who-has
  std::uint64_t handed_ago = never;         ///< the requester's who-has was handed to the endpoint's kernel
  std::uint64_t egress_seen_ago = 0;        ///< the egress program's last self-test
  std::uint32_t netns = 0;                  ///< number of the endpoint's namespace
  std::uint32_t sibling_netns = 0;          ///< number of the sibling's namespace, also for its MAC
  bool requester_mac_is_shared = false;     ///< a child has the same MAC
  std::uint64_t announced_ago = never;      ///< the requester announced its address
  std::uint64_t asked_ago = never;          ///< a container asked for the requester's address
  std::uint64_t answered_here_ago = never;  ///< this host answered for foreign_ip
  bool slow = false;                        ///< ARPL_FLAG_SLOW
  bool overflow = false;                    ///< the index has no room for the endpoint
  std::uint64_t neigh_full_ago = never;
  std::uint64_t switches = 0;  ///< ARPL_LIMIT_*
  bool socket = true;
  std::uint32_t socket_queue = 0;
  std::uint64_t in_flight = 0;  ///< frames between program and worker
  bool endpoint_mac_is_own = true;
  Ipv4 awaits = 0;       ///< the gateway that the endpoint has asked
  Ipv4 host_awaits = 0;  ///< the gateway that the parent has asked, in the same VLAN
  bool operator==(const State&) const = default;
};

inline constexpr std::uint64_t credit_window = 64;
inline constexpr std::uint64_t to_child_interval = 10 * milliseconds;
inline constexpr std::uint64_t to_child_burst = 5 * seconds;
inline constexpr std::uint64_t source_interval = 50 * milliseconds;
inline constexpr std::uint64_t source_burst = 250 * milliseconds;  // five frames
inline constexpr std::uint64_t opt_in_interval = 50 * milliseconds;
inline constexpr std::uint64_t opt_in_burst = 250 * milliseconds;  // five frames
inline constexpr std::uint64_t event_interval = 10 * milliseconds;
inline constexpr std::uint64_t event_burst = seconds;

/// A state as table contents, for both runners.
struct Contents {
  __u64 lease = 0;
  arpl_limits limits{};
  std::vector<std::pair<Mac, arpl_sender>> macs;
  std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> endpoints;
  std::vector<std::pair<std::uint32_t, arpl_slot>> slots;
  std::vector<std::pair<std::uint32_t, arpl_endpoint_stats>> stats;  ///< of the same slots
  std::vector<std::pair<std::uint32_t, arpl_pair_set>> pairs;
  std::vector<std::pair<std::uint32_t, arpl_index_set>> index;
  std::vector<std::pair<std::uint32_t, __u64>> heard;
  std::vector<std::uint32_t> filter;  ///< bits
  std::vector<std::pair<std::uint32_t, __u64>> buckets;
  std::uint32_t queue = 0;
  bool socket = false;
  arpl_credit credit{};
};

Contents realise(const State& state, std::uint64_t now);

/// The index of a pair's set in the table.
std::uint32_t pair_index(Mac requester_mac, Ipv4 requester, Ipv4 endpoint, std::uint16_t vlan);
/// The sets of the pairs that a frame may confirm at egress; the next test has to clear them.
std::vector<std::uint32_t> pairs_touched_by(std::span<const std::uint8_t> frame);
/// The index of a source MAC's share in `buckets`.
std::uint32_t source_index(Mac source, arpl_source_share share = ARPL_SHARE_TO_CHILD);
/// The index of an address in `heard`, and whether a word there holds it.
std::uint32_t heard_index(arpl_heard kind, Ipv4 address, std::uint16_t vlan);
bool is_heard(std::uint64_t word, arpl_heard kind, Ipv4 address, std::uint16_t vlan);
/// Whether the station table in `heard` has the MAC.
bool is_station(std::span<const __u64> heard, Mac mac, std::uint64_t now);
/// The indices of all buckets that a row's state can change; the next test has to clear them.
std::vector<std::uint32_t> bucket_places();

}  // namespace arpline::packet
