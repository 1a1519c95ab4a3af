// SPDX-License-Identifier: Apache-2.0
#include "packet/state.hpp"

namespace arpline::packet {
namespace {

std::uint64_t hash_of(Mac requester_mac, Ipv4 requester, Ipv4 endpoint, std::uint16_t vlan, std::uint32_t gen) {
  arpl_tables tables;
  tables.hash_key[0] = hash_keys[0];
  tables.hash_key[1] = hash_keys[1];
  return arpl_pair_hash(&tables, requester_mac, requester, endpoint, vlan, gen);
}

std::uint64_t ago(std::uint64_t now, std::uint64_t age) {
  return age == never ? 0 : now - age;
}

struct Rate {
  std::uint64_t interval;
  std::uint64_t burst;
};

Rate rate_of(Budget budget, Rate normal) {
  if (budget == Budget::unlimited) return {0, 0};
  if (budget == Budget::zero) return {seconds, 0};
  return normal;
}

// Far enough ahead that it stays spent while a test runs.
std::uint64_t arrival_of(Budget budget, std::uint64_t now) {
  return budget == Budget::spent ? now + 3600 * seconds : 0;
}

void add_pair(Contents& out, const State& s, std::uint64_t now) {
  const auto gen = s.pair == Pair::of_another_generation ? generation - 1 : generation;
  const auto hash = hash_of(s.requester_mac, s.requester_ip, s.address, s.vlan, gen);
  const auto index = static_cast<std::uint32_t>(hash) & (ARPL_MAX_PAIRS - 1);
  const auto word = [&](std::uint64_t age) { return arpl_pair_word(hash, now - age); };
  switch (s.pair) {
    case Pair::absent:
      out.pairs.emplace_back(index, 0);
      break;
    case Pair::fresh:
    case Pair::of_another_generation:
      out.pairs.emplace_back(index, word(seconds));
      break;
    case Pair::half_old:
      out.pairs.emplace_back(index, word(31 * seconds));
      break;
    case Pair::half_old_sampled:
      out.pairs.emplace_back(index, word(31 * seconds) | ARPL_PAIR_SAMPLED);
      break;
    case Pair::expired:
      out.pairs.emplace_back(index, word(61 * seconds));
      break;
    case Pair::of_a_colliding_requester:
      out.pairs.emplace_back(index, word(seconds) ^ (1ULL << 40U));
      break;
  }
}

}  // namespace

std::uint32_t pair_index(Mac requester_mac, Ipv4 requester, Ipv4 endpoint, std::uint16_t vlan,
                         std::uint32_t gen) {
  return static_cast<std::uint32_t>(hash_of(requester_mac, requester, endpoint, vlan, gen)) &
         (ARPL_MAX_PAIRS - 1);
}

std::vector<std::uint32_t> pairs_touched_by(std::span<const std::uint8_t> frame) {
  arpl_arp arp{};
  if (arpl_parse(frame.data(), frame.data() + frame.size(), &arp) != ARPL_PARSED) return {};
  return {pair_index(arp.target_mac, arp.target_ip, arp.sender_ip, arp.vlan, generation)};
}

std::uint32_t source_index(Mac source) {
  return ARPL_BUCKET_SOURCES +
         static_cast<std::uint32_t>(arpl_siphash3(hash_keys[0], hash_keys[1], source, 0, 0) &
                                    (ARPL_SOURCE_BUCKETS - 1));
}

Contents realise(const State& s, std::uint64_t now) {
  Contents out;
  out.lease = s.lease ? now + 3600 * seconds : now;
  const Rate to_child = rate_of(s.to_child, {to_child_interval, to_child_burst});
  const Rate source = rate_of(s.source, {source_interval, source_burst});
  const Rate events = rate_of(s.events, {event_interval, event_burst});
  out.limits = {.pair_ttl_ns = 60 * seconds,
                .to_child_interval_ns = to_child.interval,
                .to_child_burst_ns = to_child.burst,
                .source_interval_ns = source.interval,
                .source_burst_ns = source.burst,
                .event_interval_ns = events.interval,
                .event_burst_ns = events.burst,
                .credit_window = credit_window,
                .neigh_full_ns = ago(now, s.neigh_full_ago),
                .flags = s.switches,
                .reserved = {}};
  out.macs = {parent_mac, sibling_mac};
  if (s.endpoint_mac_is_own) out.macs.push_back(endpoint_mac);

  if (s.endpoint)
    out.endpoints.push_back({{.address = s.address, .vlan = s.vlan, .zero = 0},
                             {.slot = endpoint_slot, .prefix_bits = s.prefix_bits, .zero = {}}});
  out.endpoints.push_back({{.address = sibling_ip, .vlan = s.vlan, .zero = 0},
                           {.slot = sibling_slot, .prefix_bits = 24, .zero = {}}});
  out.slots.push_back({endpoint_slot,
                       {.word = s.withdrawn ? 0 : endpoint_mac | s.flags,
                        .generation = generation,
                        .unanswered = s.unanswered,
                        .confirmed_at = s.confirmed ? now - seconds : 0,
                        .unanswered_at = ago(now, s.unanswered_ago),
                        .claimed_at = ago(now, s.claimed_ago),
                        .reserved = {}}});
  out.slots.push_back({sibling_slot,
                       {.word = sibling_mac,
                        .generation = generation,
                        .unanswered = 0,
                        .confirmed_at = now - seconds,
                        .unanswered_at = 0,
                        .claimed_at = 0,
                        .reserved = {}}});

  add_pair(out, s, now);
  out.buckets = {{ARPL_BUCKET_TO_CHILD, arrival_of(s.to_child, now)},
                 {ARPL_BUCKET_EVENTS, arrival_of(s.events, now)},
                 {ARPL_BUCKET_STRANGERS, 0},
                 {source_index(s.requester_mac), arrival_of(s.source, now)}};
  out.queue = s.socket_queue;
  out.socket = s.socket;
  out.credit.sent = 1000 + s.in_flight;
  out.credit.consumed = 1000;
  return out;
}

}  // namespace arpline::packet
