// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "report/metrics.hpp"
#include "report/status.hpp"

namespace arpline {

/// Keeps the latest kMost durations, for percentiles.
class Samples {
 public:
  static constexpr std::size_t kMost = 16384;

  void add(Duration took);
  SamplesStatus status() const;
  SummaryMetric summary() const;

 private:
  std::vector<Duration> latest_;
  std::uint64_t count_ = 0;
  Duration sum_{};
};

}  // namespace arpline
