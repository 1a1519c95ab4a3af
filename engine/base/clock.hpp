// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

namespace arpline {

/// Added to CLOCK_MONOTONIC it gives the kernel's own clock; other than 0 in a time namespace
/// (time_namespaces(7)).
inline std::atomic<std::int64_t> clock_offset_ns{0};

/// Nanoseconds of the kernel's monotonic clock, as bpf_ktime_get_ns() returns them. Every time in the maps is
/// one of these.
inline std::uint64_t now_ns() noexcept {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(t.tv_nsec) +
         static_cast<std::uint64_t>(clock_offset_ns.load(std::memory_order_relaxed));
}

}  // namespace arpline
