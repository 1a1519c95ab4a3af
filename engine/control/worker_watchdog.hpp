// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace arpline {

/// Detects a stuck worker by its heartbeat. Pure: time is a parameter.
class WorkerWatchdog {
 public:
  /// A worker wakes at least every 250 ms; a busy machine gets eight times as long.
  static constexpr Duration kPatience = 2s;

  /// False when the heartbeat has been the same for kPatience.
  bool alive(std::uint64_t heartbeat, Instant now) noexcept {
    if (heartbeat != last_ || changed_at_ == kNoTime) {
      last_ = heartbeat;
      changed_at_ = now;
    }
    return now - changed_at_ < kPatience;
  }

 private:
  std::uint64_t last_ = 0;
  Instant changed_at_ = kNoTime;
};

}  // namespace arpline
