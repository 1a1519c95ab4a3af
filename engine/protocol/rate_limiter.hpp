// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/token_bucket.hpp"
#include "protocol/timing.hpp"

namespace arpline {

/// A token bucket in frames a second, with a burst of kBurst or of one frame, whichever is more. A limiter
/// with a `whole` takes each token from both, so it limits its users to a part of the whole.
class RateLimiter {
 public:
  static constexpr Duration kBurst = 50ms;  ///< a control loop may be this late without losing tokens

  /// per_second = 0: no frame passes.
  explicit RateLimiter(std::uint64_t per_second) { set(per_second); }
  /// `whole` outlives it.
  RateLimiter(std::uint64_t per_second, RateLimiter& whole) : whole_(&whole) { set(per_second); }
  void set(std::uint64_t per_second) noexcept {
    interval_ = per_second == 0 ? 0s : Duration{1s} / static_cast<Duration::rep>(per_second);
  }

  /// Time between two frames; 0: no frame passes.
  Duration interval() const noexcept { return interval_; }

  bool take(Instant now, std::uint32_t frames = 1) noexcept {
    if (interval_ == 0s || (whole_ != nullptr && whole_->when(now, frames) > now)) return false;
    return bucket_.take(now, rate(frames)) && (whole_ == nullptr || whole_->take(now, frames));
  }

  /// The earliest time at which take() can succeed.
  Instant when(Instant now, std::uint32_t frames = 1) const noexcept {
    if (interval_ == 0s) return kNever;
    const auto own = bucket_.next(now, rate(frames));
    return whole_ == nullptr ? own : std::max(own, whole_->when(now, frames));
  }

 private:
  TokenBucket::Rate rate(std::uint32_t frames) const noexcept {
    const auto cost = interval_ * frames;
    return {.interval = cost, .burst = std::max(cost, kBurst)};
  }

  RateLimiter* whole_ = nullptr;
  Duration interval_{};
  TokenBucket bucket_;
};

}  // namespace arpline
