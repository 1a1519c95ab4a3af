// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "kernel/inside.hpp"

namespace arpline {

/// Sends frames through containers' own interfaces, in a thread of its own: closing the socket would block the
/// control loop for too long. It serves one namespace at a time and closes the descriptor right after.
class InsideSender {
 public:
  InsideSender() = default;
  InsideSender(const InsideSender&) = delete;
  InsideSender& operator=(const InsideSender&) = delete;
  ~InsideSender() = default;

  /// True when send() may be called.
  bool idle() const noexcept { return !busy_.load(std::memory_order_acquire); }
  /// Only when idle().
  void send(Fd netns, std::vector<InsideFrame> frames);
  /// The frames that could not be sent. Only when idle().
  std::vector<InsideFrame> take_failed() { return std::exchange(failed_, {}); }

 private:
  void run(const std::stop_token& stop);

  std::atomic<bool> busy_{false};
  std::mutex mutex_;
  std::condition_variable_any given_;
  Fd netns_;
  std::vector<InsideFrame> frames_;
  std::vector<InsideFrame> failed_;
  std::jthread thread_;  // started by the first send(); declared last, because it uses the others
};

}  // namespace arpline
