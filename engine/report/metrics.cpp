// SPDX-License-Identifier: Apache-2.0
#include "report/metrics.hpp"

namespace arpline {

HistogramMetric histogram_metric(const DurationHistogram& histogram) {
  HistogramMetric metric{.counts = {histogram.counts().begin(), histogram.counts().end()},
                         .sum = in_seconds(histogram.sum())};
  for (const auto bound : DurationHistogram::kBounds) metric.bounds.push_back(in_seconds(bound));
  return metric;
}

}  // namespace arpline
