// SPDX-License-Identifier: Apache-2.0
#include "report/metrics.hpp"

#include "shared/abi.h"

namespace arpline {

double seconds_of(std::uint64_t ns) {
  return static_cast<double>(ns) / ARPL_SECOND_NS;
}

HistogramMetric histogram_metric(const DurationHistogram& histogram) {
  HistogramMetric metric{.counts = {histogram.counts().begin(), histogram.counts().end()},
                         .sum = seconds_of(histogram.sum_ns())};
  for (const auto bound : DurationHistogram::kBoundsNs) metric.bounds.push_back(seconds_of(bound));
  return metric;
}

}  // namespace arpline
