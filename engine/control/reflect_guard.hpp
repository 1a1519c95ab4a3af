// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace arpline {

/// Switches the fast path off for a while after the driver has refused practically all of its frames. A flood
/// that is beyond the driver, or beyond the other end, makes it refuse most frames, and the fast path is still
/// the best answer to it: a flood must not be able to switch it off. Pure: time is a parameter.
class ReflectGuard {
 public:
  static constexpr std::uint64_t kLeastRefused = 32;        ///< between two calls; fewer say nothing
  static constexpr std::uint64_t kMostRefusedPercent = 99;  ///< of the frames that were reflected
  static constexpr Duration kOff = 10s;                     ///< doubled each time, up to kLongestOff
  static constexpr Duration kLongestOff = 320s;
  static constexpr Duration kForget = 60s;  ///< without trouble; then kOff again

  /// Both counts are running totals; to be called about once a second. True when the fast path may be used.
  bool look(std::uint64_t reflected, std::uint64_t refused, Instant now) noexcept {
    const auto sent = reflected - std::min(reflected, reflected_);
    const auto lost = refused - std::min(refused, refused_);
    reflected_ = reflected;
    refused_ = refused;
    if (on(now) && lost >= kLeastRefused && 100 * lost > kMostRefusedPercent * sent) {
      off_ = off_ == 0s || now - until_ >= kForget ? kOff : std::min(2 * off_, kLongestOff);
      until_ = now + off_;
    }
    return on(now);
  }
  bool on(Instant now) const noexcept { return now >= until_; }

 private:
  std::uint64_t reflected_ = 0;
  std::uint64_t refused_ = 0;
  Duration off_{};
  Instant until_ = kNoTime;
};

}  // namespace arpline
