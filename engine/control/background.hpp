// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.hpp"

namespace arpline {

/// Makes texts in a thread of its own, one after the other: of tens of thousands of endpoints that takes longer
/// than the control loop may stand still.
class Background {
 public:
  /// Must need nothing that others change meanwhile.
  using Work = std::function<std::string()>;
  using Done = std::pair<std::uint64_t, std::string>;  ///< ticket, text

  /// Throws SetupError.
  Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background() = default;

  /// For epoll: readable when something is done.
  int fd() const noexcept { return done_event_.get(); }
  void give(std::uint64_t ticket, Work work);
  /// Nobody waits for it any more: it is not begun. Whoever asks and leaves in a loop keeps no more than one
  /// text waiting.
  void forget(std::uint64_t ticket);
  std::vector<Done> take();

 private:
  void run(const std::stop_token& stop);

  Fd done_event_;
  std::mutex mutex_;
  std::condition_variable_any given_;
  std::deque<std::pair<std::uint64_t, Work>> waiting_;
  std::vector<Done> done_;
  std::jthread thread_;  // from the first one on; last, because it uses the others
};

}  // namespace arpline
