// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>

#include "base/clock.hpp"

namespace arpline {

using Rng = std::mt19937_64;

/// A random number from `low` to `high`, both included.
inline std::uint64_t uniform(Rng& rng, std::uint64_t low, std::uint64_t high) {
  return low + rng() % (high - low + 1);
}
inline Duration uniform(Rng& rng, Duration low, Duration high) {
  return duration_from_raw(uniform(rng, raw(low), raw(high)));
}

/// The next time after `now` at which `id` has its turn. Each id has a fixed phase in the period, and the
/// phases of the first n ids are evenly spread for every n (van der Corput's sequence to the base 2).
inline Instant next_turn(std::uint32_t id, Duration period, Instant now) {
  constexpr Duration::rep kTurns = 65536;
  Duration::rep turn = 0;
  for (unsigned bit = 0; bit < 16; ++bit) turn = turn << 1 | ((id >> bit) & 1);
  const auto phase = period / kTurns * turn + period % kTurns * turn / kTurns;  // of a period that may be long
  const auto at = now - now.time_since_epoch() % period + phase;
  return at > now ? at : at + period;
}

/// The constants of RFC 5227 section 1.1.
namespace rfc5227 {

inline constexpr Duration kProbeWait = 1s;
inline constexpr std::uint32_t kProbeNum = 3;
inline constexpr Duration kProbeMin = 1s;
inline constexpr Duration kProbeMax = 2s;
inline constexpr Duration kAnnounceWait = 2s;
inline constexpr std::uint32_t kAnnounceNum = 2;
inline constexpr Duration kAnnounceInterval = 2s;
inline constexpr std::uint32_t kMaxConflicts = 10;
inline constexpr Duration kRateLimitInterval = 60s;
inline constexpr Duration kDefendInterval = 10s;

}  // namespace rfc5227

}  // namespace arpline
