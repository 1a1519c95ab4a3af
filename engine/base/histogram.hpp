// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace arpline {

/// Counts durations by size, for a histogram of Prometheus: a bucket has the durations up to its bound and
/// above the one before; the last bucket has the rest. Pure.
class DurationHistogram {
 public:
  static constexpr std::array<std::uint64_t, 13> kBoundsNs{
      50'000,     100'000,    250'000,     500'000,     1'000'000,   2'500'000,    5'000'000,
      10'000'000, 25'000'000, 100'000'000, 250'000'000, 500'000'000, 1'000'000'000};

  void add(std::uint64_t ns) {
    const auto* bound = std::ranges::lower_bound(kBoundsNs, ns);
    ++counts_[static_cast<std::size_t>(bound - kBoundsNs.begin())];
    sum_ns_ += ns;
  }
  const std::array<std::uint64_t, kBoundsNs.size() + 1>& counts() const noexcept { return counts_; }
  std::uint64_t sum_ns() const noexcept { return sum_ns_; }

 private:
  std::array<std::uint64_t, kBoundsNs.size() + 1> counts_{};
  std::uint64_t sum_ns_ = 0;
};

}  // namespace arpline
