// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/types.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"

namespace arpline {

/// Extends the leases of all served parents, in a thread of its own: the control loop may have to wait for the
/// kernel's RTNL lock, for as long as a container likes that has tens of thousands of addresses removed at
/// once. When the loop itself hangs, its leases end.
class Leases {
 public:
  static constexpr Duration kEvery = 250ms;
  static constexpr Duration kLease = 1s;
  static constexpr Duration kPatience = 500ms;      ///< longest silence of a running loop
  static constexpr Duration kKernelPatience = 25s;  ///< the same in a kernel wait; < WatchdogSec

  /// To be constructed by the thread whose loop is watched.
  explicit Leases(Duration patience = kPatience);
  Leases(const Leases&) = delete;
  Leases& operator=(const Leases&) = delete;
  ~Leases() = default;

  /// The loop calls it once in a turn.
  void alive() noexcept { alive_at_.store(Clock::now(), std::memory_order_relaxed); }
  /// Extends this lease from now on, the first time at once. The word must stay mapped until remove().
  void add(__u64& lease);
  /// No thread writes the word after it returns. A lease that was not added is ignored.
  void remove(const __u64& lease) noexcept;

 private:
  void run(const std::stop_token& stop);
  bool loop_hangs() const;
  bool loop_waits_in_the_kernel() const;

  Duration patience_;
  Fd loop_stat_;  // /proc/PID/task/TID/stat of the loop's thread
  std::atomic<Instant> alive_at_{Clock::now()};
  std::mutex mutex_;
  std::condition_variable_any ending_;
  std::vector<__u64*> leases_;
  std::jthread thread_;  // started by the first add(), with signals blocked; last, as it uses the others
};

}  // namespace arpline
