// SPDX-License-Identifier: Apache-2.0
#include "control/inside_sender.hpp"

#include <utility>

#include "base/error.hpp"

namespace arpline {

void InsideSender::send(Fd netns, std::vector<InsideFrame> frames) {
  busy_.store(true, std::memory_order_release);
  {
    const std::scoped_lock lock(mutex_);
    netns_ = std::move(netns);
    frames_ = std::move(frames);
  }
  given_.notify_one();
  if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void InsideSender::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (given_.wait(lock, stop, [this] { return static_cast<bool>(netns_); })) {
    const auto frames = std::exchange(frames_, {});
    try {
      const Fd netns = std::exchange(netns_, {});
      failed_ = send_inside(netns, frames);
    } catch (const SetupError&) {  // the namespace is being deleted
      failed_ = frames;
    }
    busy_.store(false, std::memory_order_release);
  }
}

}  // namespace arpline
