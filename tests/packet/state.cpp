// SPDX-License-Identifier: Apache-2.0
#include "packet/state.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "shared/hash.h"

namespace arpline::packet {
namespace {

std::uint64_t hash_of(Mac requester_mac, Ipv4 requester, Ipv4 endpoint, std::uint16_t vlan) {
  arpl_tables tables;
  tables.keys = hash_keys;
  return arpl_pair_hash(&tables, requester_mac, requester, endpoint, vlan);
}

__be32 netmask_of(std::uint8_t bits) {
  return arpl_swap32(bits == 0 ? 0 : 0xffffffffU << (32U - bits));
}

std::uint64_t ago(std::uint64_t now, std::uint64_t age) {
  return age == never ? 0 : now - age;
}

arpl_budget rate_of(Budget budget, arpl_budget normal) {
  if (budget == Budget::unlimited) return {0, 0};
  if (budget == Budget::zero) return {seconds, 0};
  return normal;
}

// A spent bucket's time lies far enough ahead to stay spent during a test.
std::uint64_t arrival_of(Budget budget, std::uint64_t now) {
  return budget == Budget::spent ? now + 3600 * seconds : 0;
}

// The address's index in `heard`, and its hash.
std::pair<std::uint32_t, std::uint64_t> heard_of(arpl_heard kind, Ipv4 address, std::uint16_t vlan) {
  arpl_tables tables;
  tables.keys = hash_keys;
  const auto hash = arpl_heard_hash(&tables, address, vlan);
  return {arpl_heard_place(kind, hash), hash};
}

void add_heard(Contents& out, const State& s, std::uint64_t now) {
  const auto add = [&](std::uint64_t age, arpl_heard kind, Ipv4 address) {
    if (age == never) return;
    const auto [place, hash] = heard_of(kind, address, s.vlan);
    out.heard.emplace_back(place, arpl_stamp_word(hash, ago(now, age)));
    out.filter.push_back(arpl_hash_bit(arpl_heard_part(kind), hash));
  };
  add(s.announced_ago, ARPL_HEARD_ANNOUNCED, s.requester_ip);
  add(s.asked_ago, ARPL_HEARD_ASKED, s.requester_ip);
  add(s.answered_here_ago, ARPL_HEARD_ANSWERED, foreign_ip);
  if (s.handed_ago == never) return;
  const auto hash = hash_of(s.requester_mac, s.requester_ip, s.address, s.vlan);
  out.heard.emplace_back(
      arpl_heard_place(ARPL_HEARD_HANDED, hash),
      (hash & 0xffffffff00000000U) | (ago(now, s.handed_ago) >> ARPL_HANDED_SHIFT & 0xffffffffU));
}

void add_macs(Contents& out, const State& s) {
  out.macs = {{parent_mac, {.host = 1}}, {sibling_mac, {.netns = s.sibling_netns}}};
  if (s.endpoint_mac_is_own) out.macs.push_back({endpoint_mac, {.netns = s.netns}});
  if (s.requester_mac_is_shared) out.macs.push_back({s.requester_mac, {.shared = 1}});
  for (const auto& [own, sender] : out.macs) out.filter.push_back(arpl_mac_bit(hash_keys.factor, own));
}

// The sets of the index that hold the endpoints. With State::overflow, other cells fill the first endpoint's
// set.
void add_index(Contents& out, const State& s) {
  std::map<std::uint32_t, arpl_index_set> buckets;
  for (const auto& [key, value] : out.endpoints) {
    const auto cell = arpl_index_cell(key.address, key.vlan);
    out.filter.push_back(arpl_endpoint_bit(hash_keys.factor, key.address, key.vlan));
    auto& bucket = buckets[arpl_index_set_of(hash_keys.factor, cell)];
    if (s.overflow && value.slot == endpoint_slot) {
      for (std::uint32_t i = 0; i < ARPL_INDEX_CELLS; ++i) bucket.cells[i] = arpl_index_cell(i + 1, 4000);
      bucket.cells[ARPL_INDEX_CELLS - 1] |= ARPL_CELL_OVERFLOW;
      continue;
    }
    auto* free = std::ranges::find(bucket.cells, 0U);
    *free = cell | static_cast<__u64>(value.slot) << ARPL_CELL_SLOT_SHIFT;
  }
  out.index.assign(buckets.begin(), buckets.end());
}

std::optional<std::uint64_t> age_of(Pair pair) {
  switch (pair) {
    case Pair::absent:
    case Pair::of_colliding_requesters:
      return std::nullopt;
    case Pair::fresh:
    case Pair::of_another_generation:
      return seconds;
    case Pair::half_old:
    case Pair::half_old_sampled:
      return 31 * seconds;
    case Pair::expired:
      return 61 * seconds;
  }
  return std::nullopt;
}

void add_pair(Contents& out, const State& s, std::uint64_t now) {
  const auto gen = s.pair == Pair::of_another_generation ? generation - 1 : generation;
  const auto hash = hash_of(s.requester_mac, s.requester_ip, s.address, s.vlan);
  const auto print = arpl_pair_print(hash, gen);
  arpl_pair_set set{};
  if (const auto age = age_of(s.pair)) set.words[0] = arpl_stamp_word(print, now - *age);
  if (s.pair == Pair::half_old_sampled) set.words[0] |= ARPL_PAIR_SAMPLED;
  if (s.pair == Pair::of_colliding_requesters) {
    for (std::uint64_t i = 0; i < ARPL_PAIR_WAYS; ++i)
      set.words[i] = arpl_stamp_word(print ^ (i + 1) << 40U, now - (9 - 2 * i) * seconds);
  }
  out.pairs.emplace_back(arpl_pair_set_of(hash), set);
  if (s.last) out.slots.front().second.last_pair = set.words[0];
  if (s.pair != Pair::absent) out.filter.push_back(arpl_hash_bit(ARPL_FILTER_PAIRS, hash));
}

}  // namespace

std::uint32_t pair_index(Mac requester_mac, Ipv4 requester, Ipv4 endpoint, std::uint16_t vlan) {
  return arpl_pair_set_of(hash_of(requester_mac, requester, endpoint, vlan));
}

std::vector<std::uint32_t> pairs_touched_by(std::span<const std::uint8_t> frame) {
  arpl_arp arp{};
  if (arpl_parse(frame.data(), frame.data() + frame.size(), &arp) != ARPL_PARSED) return {};
  return {pair_index(arp.target_mac, arp.target_ip, arp.sender_ip, arp.vlan)};
}

std::uint32_t source_index(Mac source, arpl_source_share share) {
  return ARPL_BUCKET_SOURCES + share * ARPL_SOURCE_BUCKETS +
         static_cast<std::uint32_t>(
             arpl_hash(&hash_keys, std::uint32_t{ARPL_HASH_SHARE} + share, source, 0, 0, 0, 0) &
             (ARPL_SOURCE_BUCKETS - 1));
}

std::vector<std::uint32_t> bucket_places() {
  std::vector<std::uint32_t> places;
  for (std::uint32_t i = 0; i < ARPL_BUCKET_SOURCES; ++i) places.push_back(i);
  for (const Mac sender : {peer_mac, stranger_mac, parent_mac, endpoint_mac, sibling_mac})
    for (std::uint32_t share = 0; share < ARPL_SHARES; ++share)
      places.push_back(source_index(sender, static_cast<arpl_source_share>(share)));
  return places;
}

std::uint32_t heard_index(arpl_heard kind, Ipv4 address, std::uint16_t vlan) {
  return heard_of(kind, address, vlan).first;
}

bool is_heard(std::uint64_t word, arpl_heard kind, Ipv4 address, std::uint16_t vlan) {
  return arpl_stamp_is(word, heard_of(kind, address, vlan).second) != 0;
}

bool is_station(std::span<const __u64> heard, Mac mac, std::uint64_t now) {
  arpl_tables tables;
  tables.keys = hash_keys;
  std::vector<__u64> copy(heard.begin(), heard.end());
  tables.heard = copy;
  return arpl_was_station(&tables, mac, now, seconds) != 0;
}

Contents realise(const State& s, std::uint64_t now) {
  Contents out;
  out.lease = s.lease ? now + 3600 * seconds : now;
  const arpl_budget ring = rate_of(s.ring, {opt_in_interval, opt_in_burst});
  out.limits = {.pair_ttl_ns = 60 * seconds,
                .credit_window = credit_window,
                .neigh_full_ns = ago(now, s.neigh_full_ago),
                .flags = s.switches,
                .to_child = rate_of(s.to_child, {to_child_interval, to_child_burst}),
                .to_child_source = rate_of(s.source, {source_interval, source_burst}),
                .to_child_trusted = rate_of(s.trusted, {to_child_interval, to_child_burst}),
                .to_child_trusted_source = rate_of(s.source, {source_interval, source_burst}),
                .ring = ring,
                .ring_new = ring,
                .ring_source = rate_of(s.ring_source, {opt_in_interval, opt_in_burst}),
                .ring_endpoint = rate_of(s.ring_endpoint, {opt_in_interval, opt_in_burst}),
                .reflect = rate_of(s.reflect, {opt_in_interval, opt_in_burst}),
                .reflect_source = rate_of(s.reflect_source, {opt_in_interval, opt_in_burst}),
                .foreign = rate_of(s.foreign, {opt_in_interval, opt_in_burst}),
                .events = rate_of(s.events, {event_interval, event_burst}),
                .own_mac_events = rate_of(s.own_macs, {event_interval, event_burst}),
                .odd = rate_of(s.odd, {opt_in_interval, opt_in_burst}),
                .parent_mac = parent_mac,
                .host_awaits = s.host_awaits != 0 ? ARPL_AWAITS(s.host_awaits, s.vlan) : 0,
                .egress_seen_ns = ago(now, s.egress_seen_ago),
                .reserved = {}};
  add_macs(out, s);

  if (s.endpoint)
    out.endpoints.push_back({{.address = s.address, .vlan = s.vlan, .zero = 0},
                             {.slot = endpoint_slot, .prefix_bits = s.prefix_bits, .zero = {}}});
  out.endpoints.push_back({{.address = sibling_ip, .vlan = s.vlan, .zero = 0},
                           {.slot = sibling_slot, .prefix_bits = 24, .zero = {}}});
  out.slots.push_back({endpoint_slot,
                       {.word = s.withdrawn ? 0 : endpoint_mac | s.flags,
                        .generation = generation,
                        .unanswered = s.unanswered,
                        .confirmed_at = s.confirmed ? ago(now, s.confirmed_ago) : 0,
                        .unanswered_at = ago(now, s.unanswered_ago),
                        .claimed_at = ago(now, s.claimed_ago),
                        .last_pair = 0,
                        .netmask = netmask_of(s.prefix_bits),
                        .flags = static_cast<__u16>(s.slow ? ARPL_FLAG_SLOW : 0),
                        .noted = 0,
                        .reflected = 0}});
  out.slots.push_back({sibling_slot,
                       {.word = sibling_mac,
                        .generation = generation,
                        .unanswered = 0,
                        .confirmed_at = now - seconds,
                        .unanswered_at = 0,
                        .claimed_at = 0,
                        .last_pair = 0,
                        .netmask = netmask_of(24),
                        .flags = 0,
                        .noted = 0,
                        .reflected = 0}});

  add_pair(out, s, now);
  add_index(out, s);
  add_heard(out, s, now);
  out.buckets = {{ARPL_BUCKET_TO_CHILD, arrival_of(s.to_child, now)},
                 {ARPL_BUCKET_TO_CHILD_TRUSTED, arrival_of(s.trusted, now)},
                 {ARPL_BUCKET_RING, arrival_of(s.ring, now)},
                 {ARPL_BUCKET_RING_NEW, arrival_of(s.ring, now)},
                 {ARPL_BUCKET_REFLECT, arrival_of(s.reflect, now)},
                 {ARPL_BUCKET_FOREIGN, arrival_of(s.foreign, now)},
                 {ARPL_BUCKET_EVENTS, arrival_of(s.events, now)},
                 {ARPL_BUCKET_OWN_MACS, arrival_of(s.own_macs, now)},
                 {ARPL_BUCKET_ODD, arrival_of(s.odd, now)},
                 {ARPL_BUCKET_PROBES, arrival_of(s.probes_spent ? Budget::spent : Budget::normal, now)},
                 {ARPL_BUCKET_CHECKS, arrival_of(s.checks_spent ? Budget::spent : Budget::normal, now)},
                 {source_index(s.requester_mac), arrival_of(s.source, now)},
                 {source_index(s.requester_mac, ARPL_SHARE_RING), arrival_of(s.ring_source, now)},
                 {source_index(s.requester_mac, ARPL_SHARE_REFLECT), arrival_of(s.reflect_source, now)}};
  arpl_endpoint_stats stats{
      .netns = s.netns, .ring_arrival = arrival_of(s.ring_endpoint, now), .awaits = s.awaits};
  if (s.checked_ago != never) {
    stats.check_requester = s.requester_ip;
    stats.check_mac = s.requester_mac;
    stats.check_at = ago(now, s.checked_ago);
  }
  out.stats = {{endpoint_slot, stats},
               {sibling_slot, {.netns = s.sibling_netns, .ring_arrival = arrival_of(s.ring_endpoint, now)}}};
  out.queue = s.socket_queue;
  out.socket = s.socket;
  out.credit.sent = 1000 + s.in_flight;
  out.credit.consumed = 1000;
  return out;
}

}  // namespace arpline::packet
