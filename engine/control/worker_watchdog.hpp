// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arpline {

/// Detects a stuck worker by its heartbeat. Pure: time is a parameter, in nanoseconds.
class WorkerWatchdog {
 public:
  /// A worker wakes at least every 250 ms; a busy machine gets eight times as long.
  static constexpr std::uint64_t kPatienceNs = 2'000'000'000;

  /// False when the heartbeat has been the same for kPatienceNs.
  bool alive(std::uint64_t heartbeat, std::uint64_t now) noexcept {
    if (heartbeat != last_ || changed_at_ == 0) {
      last_ = heartbeat;
      changed_at_ = now;
    }
    return now - changed_at_ < kPatienceNs;
  }

 private:
  std::uint64_t last_ = 0;
  std::uint64_t changed_at_ = 0;
};

}  // namespace arpline
