// SPDX-License-Identifier: Apache-2.0
#include "control/leases.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/shared_word.hpp"

namespace arpline {
namespace {

void extend(__u64& lease) {
  publish(lease, raw(Clock::now() + Leases::kLease));
}

}  // namespace

Leases::Leases(Duration patience)
    : patience_(patience), loop_stat_(open("/proc/thread-self/stat", O_RDONLY | O_CLOEXEC)) {}

void Leases::add(__u64& lease) {
  const std::lock_guard lock(mutex_);
  leases_.push_back(&lease);
  extend(lease);
  if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Leases::remove(const __u64& lease) noexcept {
  const std::lock_guard lock(mutex_);
  std::erase(leases_, &lease);
}

void Leases::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "leases");
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (!loop_hangs())
      for (auto* lease : leases_) extend(*lease);
    ending_.wait_for(lock, stop, kEvery, [] { return false; });
  }
}

bool Leases::loop_hangs() const {
  const auto silent = Clock::now() - alive_at_.load(std::memory_order_relaxed);
  return silent >= patience_ && (silent >= kKernelPatience || !loop_waits_in_the_kernel());
}

// State D (proc(5)) is an uninterruptible wait, as for one of the kernel's locks. A thread that is stopped,
// traced, waits for a lock of its own process or spins is in another state.
bool Leases::loop_waits_in_the_kernel() const {
  std::array<char, 512> text{};
  const auto length = pread(loop_stat_.get(), text.data(), text.size(), 0);
  const std::string_view line{text.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
  const auto name_end = line.rfind(')');
  return name_end != std::string_view::npos && line.substr(name_end).starts_with(") D");
}

}  // namespace arpline
