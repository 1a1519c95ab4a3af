// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace arpline {

/// Counts durations by size, for a histogram of Prometheus: a bucket has the durations up to its bound and
/// above the one before; the last bucket has the rest. Pure.
class DurationHistogram {
 public:
  static constexpr std::array<Duration, 13> kBounds{50us, 100us, 250us, 500us, 1ms,   2'500us, 5ms,
                                                    10ms, 25ms,  100ms, 250ms, 500ms, 1s};

  void add(Duration took) {
    const auto* bound = std::ranges::lower_bound(kBounds, took);
    ++counts_[static_cast<std::size_t>(bound - kBounds.begin())];
    sum_ += took;
  }
  const std::array<std::uint64_t, kBounds.size() + 1>& counts() const noexcept { return counts_; }
  Duration sum() const noexcept { return sum_; }

 private:
  std::array<std::uint64_t, kBounds.size() + 1> counts_{};
  Duration sum_{};
};

}  // namespace arpline
