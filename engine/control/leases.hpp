// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"

namespace arpline {

/// Extends the leases of all parents that are served, in a thread of its own: the control loop may have to wait
/// for the kernel's lock of all links, for as long as a container likes that has tens of thousands of addresses
/// removed at once. A loop that hangs by itself has its leases end.
class Leases {
 public:
  static constexpr std::chrono::milliseconds kEvery{250};
  static constexpr std::chrono::seconds kLease{1};
  static constexpr std::chrono::milliseconds kPatience{
      500};  ///< with a loop that does not say that it is alive
  static constexpr std::chrono::seconds kKernelPatience{
      25};  ///< while it waits in the kernel; below the unit's watchdog

  /// By the thread whose loop it is about.
  explicit Leases(std::chrono::nanoseconds patience = kPatience);
  Leases(const Leases&) = delete;
  Leases& operator=(const Leases&) = delete;
  ~Leases() = default;

  /// The loop is alive. Once a turn.
  void alive() noexcept { alive_at_.store(now_ns(), std::memory_order_relaxed); }
  /// Extends the lease from now on, the first time at once. The word is mapped until remove().
  void add(__u64& lease);
  /// Nobody touches the word any more when it returns. Nothing happens for one that was not added.
  void remove(const __u64& lease) noexcept;

 private:
  void run(const std::stop_token& stop);
  bool loop_hangs() const;
  bool loop_waits_in_the_kernel() const;

  std::chrono::nanoseconds patience_;
  Fd loop_stat_;  // /proc/PID/task/TID/stat of the loop's thread
  std::atomic<std::uint64_t> alive_at_{now_ns()};
  std::mutex mutex_;
  std::condition_variable_any ending_;
  std::vector<__u64*> leases_;
  std::jthread
      thread_;  // from the first lease on, with the signals blocked by then; last, because it uses the others
};

}  // namespace arpline
