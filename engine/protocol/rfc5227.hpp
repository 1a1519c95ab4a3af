// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// RFC 5227 section 1.1; nanoseconds.
namespace arpline::rfc5227 {

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

}  // namespace arpline::rfc5227
