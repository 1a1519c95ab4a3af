// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "shared/abi.h"

namespace arpline {

/// The time of the next try after a failure: 1, 2, 4, … s later, at most kLongestNs. Pure: time is a parameter,
/// in nanoseconds.
class Backoff {
 public:
  static constexpr std::uint64_t kFirstNs = ARPL_SECOND_NS;
  static constexpr std::uint64_t kLongestNs = 30 * ARPL_SECOND_NS;

  bool due(std::uint64_t now) const noexcept { return now >= at_; }
  std::uint64_t at() const noexcept { return at_; }
  void failed(std::uint64_t now) noexcept {
    wait_ns_ = wait_ns_ == 0 ? kFirstNs : std::min(2 * wait_ns_, kLongestNs);
    at_ = now + wait_ns_;
  }
  void reset() noexcept { at_ = wait_ns_ = 0; }

 private:
  std::uint64_t at_ = 0;
  std::uint64_t wait_ns_ = 0;
};

}  // namespace arpline
