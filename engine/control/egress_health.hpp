// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "control/parent_state.hpp"

namespace arpline {

/// Checks whether the egress program sees the frames that leave the parent. A self-test frame passes the
/// program while it is being sent, or never: then our filter is missing, or another filter in front of it takes
/// the frame. A missing filter is attached again.
class EgressHealth {
 public:
  /// The kernel's operations; all but `passed` may throw SetupError.
  struct Kernel {
    std::function<bool()> send_self_test;   ///< false: the parent is down, and the test proves nothing
    std::function<std::uint64_t()> passed;  ///< self-tests that the program has seen, a running total
    std::function<bool()> has_filter;       ///< our filter is on the parent
    std::function<void()> attach_filter;
  };
  enum class Sight { unknown, seen, hidden, missing };

  /// `state` and `seen_at`, the programs' egress_seen_ns, outlive it.
  EgressHealth(const ParentState& state, Kernel kernel, __u64& seen_at)
      : state_(state), kernel_(std::move(kernel)), seen_at_(seen_at) {}

  /// Tests once a second, or every time while egress is not seen. Every tick.
  void tick(Instant now);
  /// A qdisc or a filter of the parent has changed: attaches ours again at once if it is missing.
  void on_filters(Instant now);

  Sight sight() const noexcept { return sight_; }
  const char* text() const noexcept;
  std::uint64_t put_back() const noexcept { return put_back_; }
  void warn(std::vector<std::string>& warnings) const;

 private:
  bool is_seen(Instant now);
  void repair(Instant now);
  void attach_again(Instant now);

  const ParentState& state_;
  Kernel kernel_;
  __u64& seen_at_;
  Sight sight_ = Sight::unknown;
  std::string complaint_;  // why our filter could not be attached again
  std::uint64_t put_back_ = 0;
  Instant checked_at_ = kNoTime;
  Instant tested_at_ = kNoTime;
};

}  // namespace arpline
