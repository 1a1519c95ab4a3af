// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "exporter/series.hpp"

namespace arpline::exporter {

/// Answers scrapes. However many come, the daemons are asked once in kFresh, by one of them: the others get
/// what it has got.
class Collector final : public prometheus::Collectable {
 public:
  static constexpr std::chrono::milliseconds kFresh{1000};
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  explicit Collector(std::function<std::vector<Parent>()> ask, Clock clock = std::chrono::steady_clock::now)
      : ask_(std::move(ask)), clock_(std::move(clock)) {}

  /// Called by the threads of the HTTP server.
  std::vector<prometheus::MetricFamily> Collect() const override {
    const std::scoped_lock lock(mutex_);
    if (families_.empty() || clock_() - asked_at_ >= kFresh) {
      families_ = families_of(ask_());
      asked_at_ = clock_();
    }
    return families_;
  }

 private:
  std::function<std::vector<Parent>()> ask_;
  Clock clock_;
  mutable std::mutex mutex_;  // also for ask_
  mutable std::vector<prometheus::MetricFamily> families_;
  mutable std::chrono::steady_clock::time_point asked_at_;
};

}  // namespace arpline::exporter
