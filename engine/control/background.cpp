// SPDX-License-Identifier: Apache-2.0
#include "control/background.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"

namespace arpline {

Background::Background() : done_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!done_event_) throw_errno("make an eventfd", errno);
}

void Background::give(std::uint64_t ticket, Work work) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.emplace_back(ticket, std::move(work));
  }
  given_.notify_one();
  if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Background::forget(std::uint64_t ticket) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(waiting_, [ticket](const auto& one) { return one.first == ticket; });
}

std::vector<Background::Done> Background::take() {
  std::uint64_t times = 0;
  const std::scoped_lock lock(mutex_);
  if (read(done_event_.get(), &times, sizeof times) < 0) return {};
  return std::exchange(done_, {});
}

void Background::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "texts");
  std::unique_lock lock(mutex_);
  while (given_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    auto [ticket, work] = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    auto text = work();
    work = nullptr;  // frees what the work holds, which is large, without the lock
    lock.lock();
    done_.emplace_back(ticket, std::move(text));
    eventfd_write(done_event_.get(), 1);  // fails only when it is readable already
  }
}

}  // namespace arpline
