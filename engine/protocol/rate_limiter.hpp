// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "protocol/timing.hpp"
#include "shared/bucket.h"

namespace arpline {

/// A token bucket in frames a second, with a burst of kBurstNs or of one frame, whichever is more. A limiter
/// with a `whole` takes each token from both, so it limits its users to a part of the whole.
class RateLimiter {
 public:
  static constexpr std::uint64_t kBurstNs =
      50'000'000;  ///< a control loop may be this late without losing tokens

  /// per_second = 0: no frame passes.
  explicit RateLimiter(std::uint64_t per_second) { set(per_second); }
  /// `whole` outlives it.
  RateLimiter(std::uint64_t per_second, RateLimiter& whole) : whole_(&whole) { set(per_second); }
  void set(std::uint64_t per_second) noexcept { interval_ns_ = per_second == 0 ? 0 : kSecondNs / per_second; }

  /// Time between two frames; 0: no frame passes.
  std::uint64_t interval_ns() const noexcept { return interval_ns_; }

  bool take(std::uint64_t now, std::uint32_t frames = 1) noexcept {
    if (interval_ns_ == 0 || (whole_ != nullptr && whole_->when(now, frames) > now)) return false;
    return arpl_bucket_take(&arrival_, now, budget(frames)) != 0 &&
           (whole_ == nullptr || whole_->take(now, frames));
  }

  /// The earliest time at which take() can succeed.
  std::uint64_t when(std::uint64_t now, std::uint32_t frames = 1) const noexcept {
    if (interval_ns_ == 0) return kNever;
    const auto [cost, burst] = budget(frames);
    const auto own = std::max<std::uint64_t>(now, arrival_ + cost > burst ? arrival_ + cost - burst : 0);
    return whole_ == nullptr ? own : std::max(own, whole_->when(now, frames));
  }

 private:
  static constexpr std::uint64_t kSecondNs = 1'000'000'000;

  arpl_budget budget(std::uint32_t frames) const noexcept {
    const auto cost = interval_ns_ * frames;
    return {.interval_ns = cost, .burst_ns = std::max<__u64>(cost, kBurstNs)};
  }

  RateLimiter* whole_ = nullptr;
  std::uint64_t interval_ns_ = 0;
  __u64 arrival_ = 0;
};

}  // namespace arpline
