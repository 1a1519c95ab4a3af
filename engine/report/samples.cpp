// SPDX-License-Identifier: Apache-2.0
#include "report/samples.hpp"

#include <algorithm>
#include <cmath>

namespace arpline {

void Samples::add(std::uint64_t ns) {
  if (latest_.size() < kMost) {
    latest_.push_back(ns);
  } else {
    latest_[count_ % kMost] = ns;
  }
  ++count_;
  sum_ns_ += ns;
}

SamplesStatus Samples::status() const {
  auto sorted = latest_;
  std::ranges::sort(sorted);
  const auto at = [&](double share) -> std::optional<double> {
    if (sorted.empty()) return std::nullopt;
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    const auto us = std::round(static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]) / 1000.0);
    return us / 1000.0;
  };
  return {.count = count_, .p50_ms = at(0.5), .p99_ms = at(0.99), .most_ms = at(1.0)};
}

SummaryMetric Samples::summary() const {
  constexpr double kSecondMs = 1e3;
  const auto in_ms = status();
  const auto seconds = [](const std::optional<double>& ms) { return ms ? Value{*ms / kSecondMs} : Value{}; };
  return {.count = count_,
          .sum = static_cast<double>(sum_ns_) / ARPL_SECOND_NS,
          .p50 = seconds(in_ms.p50_ms),
          .p99 = seconds(in_ms.p99_ms)};
}

}  // namespace arpline
