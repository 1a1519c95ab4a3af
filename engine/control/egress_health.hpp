// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "control/parent_state.hpp"

namespace arpline {

/// Whether the egress program sees what leaves the parent. A self-test frame passes it while it is being sent,
/// or never: where it does not, our filter is missing, or another one is in front of it. A missing one is put
/// back.
class EgressHealth {
 public:
  /// What it asks the kernel; all but `passed` may throw SetupError.
  struct Kernel {
    std::function<bool()> send_self_test;   ///< false: the parent is down, and nothing can be said
    std::function<std::uint64_t()> passed;  ///< self-tests that the program has seen, ever
    std::function<bool()> has_filter;       ///< ours is on the parent
    std::function<void()> attach_filter;
  };
  enum class Sight { unknown, seen, hidden, missing };

  /// `state` and `seen_at`, the programs' egress_seen_ns, outlive it.
  EgressHealth(const ParentState& state, Kernel kernel, __u64& seen_at)
      : state_(state), kernel_(std::move(kernel)), seen_at_(seen_at) {}

  /// Every tick: tests once a second, and every time while it is not seen.
  void tick(std::uint64_t now);
  /// Somebody has changed a qdisc or a filter of the parent: puts ours back where it is missing, at once.
  void on_filters(std::uint64_t now);

  Sight sight() const noexcept { return sight_; }
  const char* text() const noexcept;
  std::uint64_t put_back() const noexcept { return put_back_; }
  void warn(std::vector<std::string>& warnings) const;

 private:
  bool is_seen(std::uint64_t now);
  void repair(std::uint64_t now);
  void attach_again(std::uint64_t now);

  const ParentState& state_;
  Kernel kernel_;
  __u64& seen_at_;
  Sight sight_ = Sight::unknown;
  std::string complaint_;  // why our filter could not be put back
  std::uint64_t put_back_ = 0;
  std::uint64_t looked_at_ = 0;
  std::uint64_t tested_at_ = 0;
};

}  // namespace arpline
