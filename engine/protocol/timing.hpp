// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <random>

namespace arpline {

/// A time that never comes.
inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

using Rng = std::mt19937_64;

/// A random number from `low` to `high`, both included.
inline std::uint64_t uniform(Rng& rng, std::uint64_t low, std::uint64_t high) {
  return low + rng() % (high - low + 1);
}

/// The next time after `now` at which `id` has its turn. Each id has a fixed phase in the period, and the
/// phases of the first n ids are evenly spread for every n (van der Corput's sequence to the base 2).
inline std::uint64_t next_turn(std::uint32_t id, std::uint64_t period_ns, std::uint64_t now) {
  std::uint64_t turn = 0;
  for (unsigned bit = 0; bit < 16; ++bit) turn = turn << 1 | ((id >> bit) & 1);
  const auto phase = (period_ns >> 16) * turn + ((period_ns & 0xffff) * turn >> 16);
  const auto at = now - now % period_ns + phase;
  return at > now ? at : at + period_ns;
}

/// The constants of RFC 5227 section 1.1; times in nanoseconds.
namespace rfc5227 {

inline constexpr std::uint64_t kSecondNs = 1'000'000'000;
inline constexpr std::uint64_t kProbeWaitNs = 1 * kSecondNs;
inline constexpr std::uint32_t kProbeNum = 3;
inline constexpr std::uint64_t kProbeMinNs = 1 * kSecondNs;
inline constexpr std::uint64_t kProbeMaxNs = 2 * kSecondNs;
inline constexpr std::uint64_t kAnnounceWaitNs = 2 * kSecondNs;
inline constexpr std::uint32_t kAnnounceNum = 2;
inline constexpr std::uint64_t kAnnounceIntervalNs = 2 * kSecondNs;
inline constexpr std::uint32_t kMaxConflicts = 10;
inline constexpr std::uint64_t kRateLimitIntervalNs = 60 * kSecondNs;
inline constexpr std::uint64_t kDefendIntervalNs = 10 * kSecondNs;

}  // namespace rfc5227

}  // namespace arpline
