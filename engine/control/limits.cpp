// SPDX-License-Identifier: Apache-2.0
#include "control/limits.hpp"

#include <array>
#include <bit>
#include <cstddef>

#include "base/shared_word.hpp"
#include "shared/packet.h"

namespace arpline {
namespace {

// Two bursts: one with the program and one with the worker. 64 starves the worker, more than 128 gains nothing.
constexpr std::uint64_t kCreditWindow = 128;
// The frames of one second: a switch or a host sends as many at once after a quiet time.
constexpr Duration kStormBurst = 1s;

}  // namespace

arpl_limits limits_for(const Config& config, const Limits& limits, Switches switches, const arpl_limits& now) {
  arpl_limits wanted{};
  wanted.pair_ttl_ns = raw(config.pair_ttl);
  limits.write(wanted);
  wanted.credit_window = kCreditWindow;
  wanted.neigh_full_ns = now.neigh_full_ns;
  wanted.egress_seen_ns = now.egress_seen_ns;
  wanted.parent_mac = switches.mac;
  wanted.host_awaits = now.host_awaits;
  wanted.flags = (config.mode == Mode::observe ? ARPL_LIMIT_OBSERVE : 0) |
                 (switches.hidden_tags ? ARPL_LIMIT_HIDDEN_TAGS : 0) |
                 (switches.fast_path ? ARPL_LIMIT_FAST_PATH : 0) | (switches.in_pieces ? ARPL_LIMIT_FRAGS : 0) |
                 (switches.one_queue ? ARPL_LIMIT_ONE_QUEUE : 0) |
                 (switches.other_pairs ? ARPL_LIMIT_OTHER_PAIRS : 0) |
                 (switches.other_heard ? ARPL_LIMIT_OTHER_HEARD : 0) |
                 (switches.other_announced ? ARPL_LIMIT_OTHER_ANNOUNCED : 0) |
                 (config.claims == ClaimsPolicy::drop ? ARPL_LIMIT_CLAIMS_DROP : 0) |
                 (config.storm.empty() ? 0 : ARPL_LIMIT_STORM);
  return wanted;
}

void put_limits(const arpl_limits& wanted, arpl_limits& map) noexcept {
  constexpr auto kWords = sizeof(arpl_limits) / sizeof(__u64);
  constexpr auto kBudgets = offsetof(arpl_limits, to_child) / sizeof(__u64);
  constexpr auto kBehind = offsetof(arpl_limits, parent_mac) / sizeof(__u64);
  const auto words = std::bit_cast<std::array<__u64, kWords>>(wanted);
  auto* in_map = reinterpret_cast<__u64*>(&map);
  const auto put = [&](std::size_t at) { publish(in_map[at], words.at(at)); };
  // Writes a budget's burst before its interval: with the interval alone, a new limit would let no frame pass.
  // A limit that ends keeps its burst, for a program that has already read the interval.
  for (auto at = kBudgets; at < kBehind; at += 2) {
    if (words.at(at) != 0) put(at + 1);
    put(at);
  }
  for (std::size_t at = 0; at < kWords; ++at)
    if (at < kBudgets || at >= kBehind) put(at);
}

Storm::Limits storm_limits_for(const Config& config) {
  Storm::Limits limits;
  for (const auto& one : config.storm) {
    arpl_storm_limit limit{};
    limit.budget = budget_of(one.per_second, kStormBurst);
    limit.per_second = one.per_second;
    limits.emplace_back(
        arpl_storm_key{.ethertype = arpl_swap16(one.ethertype), .kind = static_cast<__u16>(one.kind)}, limit);
  }
  return limits;
}

}  // namespace arpline
