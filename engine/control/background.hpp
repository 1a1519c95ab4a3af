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

/// Makes texts in a thread of its own, one at a time: the status of tens of thousands of endpoints would block
/// the control loop for too long.
class Background {
 public:
  /// Must own all that it reads: the control thread goes on changing its data.
  using Work = std::function<std::string()>;
  using Done = std::pair<std::uint64_t, std::string>;  ///< ticket, text

  /// Throws SetupError.
  Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background() = default;

  /// Descriptor for epoll: readable when a text is done.
  int fd() const noexcept { return done_event_.get(); }
  void give(std::uint64_t ticket, Work work);
  /// Drops the work unless it has started, so that a client that asks and disconnects in a loop keeps no more
  /// than one text in the works.
  void forget(std::uint64_t ticket);
  std::vector<Done> take();

 private:
  void run(const std::stop_token& stop);

  Fd done_event_;
  std::mutex mutex_;
  std::condition_variable_any given_;
  std::deque<std::pair<std::uint64_t, Work>> waiting_;
  std::vector<Done> done_;
  std::jthread thread_;  // started by the first give(); declared last, because it uses the others
};

}  // namespace arpline
