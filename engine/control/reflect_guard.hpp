// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "shared/abi.h"

namespace arpline {

/// Switches the fast path off for a while after the driver has refused practically all of its frames. A flood
/// that is beyond the driver, or beyond the other end, makes it refuse most frames, and the fast path is still
/// the best answer to it: a flood must not be able to switch it off. Pure: time is a parameter, in nanoseconds.
class ReflectGuard {
 public:
  static constexpr std::uint64_t kLeastRefused = 32;            ///< between two calls; fewer say nothing
  static constexpr std::uint64_t kMostRefusedPercent = 99;      ///< of the frames that were reflected
  static constexpr std::uint64_t kOffNs = 10 * ARPL_SECOND_NS;  ///< doubled each time, up to kLongestOffNs
  static constexpr std::uint64_t kLongestOffNs = 320 * ARPL_SECOND_NS;
  static constexpr std::uint64_t kForgetNs = 60 * ARPL_SECOND_NS;  ///< without trouble; then kOffNs again

  /// Both counts are running totals; to be called about once a second. True when the fast path may be used.
  bool look(std::uint64_t reflected, std::uint64_t refused, std::uint64_t now) noexcept {
    const auto sent = reflected - std::min(reflected, reflected_);
    const auto lost = refused - std::min(refused, refused_);
    reflected_ = reflected;
    refused_ = refused;
    if (on(now) && lost >= kLeastRefused && 100 * lost > kMostRefusedPercent * sent) {
      off_ns_ = off_ns_ == 0 || now - until_ >= kForgetNs ? kOffNs : std::min(2 * off_ns_, kLongestOffNs);
      until_ = now + off_ns_;
    }
    return on(now);
  }
  bool on(std::uint64_t now) const noexcept { return now >= until_; }

 private:
  std::uint64_t reflected_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t off_ns_ = 0;
  std::uint64_t until_ = 0;
};

}  // namespace arpline
