// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "base/clock.hpp"
#include "shared/bucket.h"

namespace arpline {

/// A token bucket of bucket.h in the engine's types. It is full at first.
class TokenBucket {
 public:
  struct Rate {
    Duration interval;  ///< one token in this time; 0: no limit
    Duration burst;     ///< the bucket holds the tokens of this time; less than `interval`: none
  };

  bool take(Instant now, Rate rate) noexcept {
    return arpl_bucket_take(&arrival_, raw(now), budget(rate)) != 0;
  }
  /// Whether there is a token; takes none.
  bool has(Instant now, Rate rate) const noexcept {
    return arpl_bucket_peek(&arrival_, raw(now), budget(rate)) != 0;
  }
  /// The earliest time from `now` on at which there is a token.
  Instant next(Instant now, Rate rate) const noexcept {
    return std::max(now, arrival() + rate.interval - rate.burst);
  }
  /// A full bucket is the same as a new one.
  bool is_full(Instant now) const noexcept { return arrival() <= now; }

 private:
  static arpl_budget budget(Rate rate) noexcept {
    return {.interval_ns = raw(rate.interval), .burst_ns = raw(rate.burst)};
  }
  Instant arrival() const noexcept { return instant_from_raw(arrival_); }

  __u64 arrival_ = 0;
};

}  // namespace arpline
