// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>

namespace arpline {

using namespace std::chrono_literals;

/// The kernel's monotonic clock, as bpf_ktime_get_ns() reads it: every time in the maps is one of its.
struct Clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return time_point{std::chrono::seconds{t.tv_sec} + duration{t.tv_nsec} +
                      offset.load(std::memory_order_relaxed)};
  }

  /// Added to CLOCK_MONOTONIC it gives the kernel's own clock; other than 0 in a time namespace
  /// (time_namespaces(7)).
  inline static std::atomic<duration> offset{duration::zero()};
};

/// A point of time, and the time between two; nanoseconds. No integer becomes one by itself.
using Instant = Clock::time_point;
using Duration = Clock::duration;

/// Stands for a time that is not known, or of something that has not happened.
inline constexpr Instant kNoTime{};
/// A time that never comes.
inline constexpr Instant kNever = Instant::max();

/// For the structs of abi.h, whose times are __u64 of nanoseconds.
constexpr std::uint64_t raw(Duration time) noexcept {
  return static_cast<std::uint64_t>(time.count());
}
constexpr std::uint64_t raw(Instant at) noexcept {
  return raw(at.time_since_epoch());
}
constexpr Duration duration_from_raw(std::uint64_t ns) noexcept {
  return Duration{static_cast<Duration::rep>(ns)};
}
constexpr Instant instant_from_raw(std::uint64_t ns) noexcept {
  return Instant{duration_from_raw(ns)};
}

/// For people and for arithmetic with rates.
constexpr double in_seconds(Duration time) noexcept {
  return std::chrono::duration<double>{time}.count();
}
/// From `now` to `at`, to the millisecond; 0 when `at` is over.
constexpr double seconds_until(Instant at, Instant now) noexcept {
  return in_seconds(std::chrono::floor<std::chrono::milliseconds>(at > now ? at - now : Duration::zero()));
}
constexpr double in_milliseconds(Duration time) noexcept {
  return std::chrono::duration<double, std::milli>{time}.count();
}

}  // namespace arpline
