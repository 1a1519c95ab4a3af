// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "shared/abi.h"

namespace arpline {

/// How long the control loop's turns take: events and who asks wait meanwhile. Pure.
class Turns {
 public:
  static constexpr std::uint64_t kRecentNs = 60 * ARPL_SECOND_NS;

  void add(std::uint64_t took_ns, std::uint64_t now) noexcept {
    if (now - began_at_ >= kRecentNs) {
      before_ns_ = now - began_at_ < 2 * kRecentNs ? recent_ns_ : 0;
      recent_ns_ = 0;
      began_at_ = now;
    }
    longest_ns_ = std::max(longest_ns_, took_ns);
    recent_ns_ = std::max(recent_ns_, took_ns);
  }
  /// Since the start.
  std::uint64_t longest_ns() const noexcept { return longest_ns_; }
  /// In the last one to two minutes.
  std::uint64_t recent_ns() const noexcept { return std::max(recent_ns_, before_ns_); }

 private:
  std::uint64_t longest_ns_ = 0;
  std::uint64_t recent_ns_ = 0;
  std::uint64_t before_ns_ = 0;
  std::uint64_t began_at_ = 0;
};

}  // namespace arpline
