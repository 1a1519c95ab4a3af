// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "report/metrics.hpp"
#include "report/status.hpp"

namespace arpline {

/// Keeps the latest kMost durations, for percentiles.
class Samples {
 public:
  static constexpr std::size_t kMost = 16384;

  void add(std::uint64_t ns);
  SamplesStatus status() const;
  SummaryMetric summary() const;

 private:
  std::vector<std::uint64_t> latest_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ns_ = 0;
};

}  // namespace arpline
