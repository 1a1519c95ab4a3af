// SPDX-License-Identifier: Apache-2.0
#include "report/samples.hpp"

#include <algorithm>
#include <cmath>

namespace arpline {

void Samples::add(Duration took) {
  if (latest_.size() < kMost) {
    latest_.push_back(took);
  } else {
    latest_[count_ % kMost] = took;
  }
  ++count_;
  sum_ += took;
}

SamplesStatus Samples::status() const {
  auto sorted = latest_;
  std::ranges::sort(sorted);
  const auto at = [&](double share) -> std::optional<double> {
    if (sorted.empty()) return std::nullopt;
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return in_milliseconds(
        std::chrono::round<std::chrono::microseconds>(sorted[std::max<std::size_t>(rank, 1) - 1]));
  };
  return {.count = count_, .p50_ms = at(0.5), .p99_ms = at(0.99), .most_ms = at(1.0)};
}

SummaryMetric Samples::summary() const {
  constexpr double kSecondMs = 1e3;
  const auto in_ms = status();
  const auto seconds = [](const std::optional<double>& ms) { return ms ? Value{*ms / kSecondMs} : Value{}; };
  return {.count = count_, .sum = in_seconds(sum_), .p50 = seconds(in_ms.p50_ms), .p99 = seconds(in_ms.p99_ms)};
}

}  // namespace arpline
