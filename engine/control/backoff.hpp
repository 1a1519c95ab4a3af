// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace arpline {

/// The time of the next try after a failure: 1, 2, 4, … s later, at most kLongest. Pure: time is a
/// parameter.
class Backoff {
 public:
  static constexpr Duration kFirst = 1s;
  static constexpr Duration kLongest = 30s;

  bool due(Instant now) const noexcept { return now >= at_; }
  Instant at() const noexcept { return at_; }
  void failed(Instant now) noexcept {
    wait_ = wait_ == 0s ? kFirst : std::min(2 * wait_, kLongest);
    at_ = now + wait_;
  }
  void reset() noexcept { *this = {}; }

 private:
  Instant at_ = kNoTime;
  Duration wait_{};
};

}  // namespace arpline
