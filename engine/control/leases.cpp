// SPDX-License-Identifier: Apache-2.0
#include "control/leases.hpp"

namespace arpline {
namespace {

void extend(__u64& lease) {
  constexpr std::chrono::nanoseconds kLease = Leases::kLease;
  std::atomic_ref<__u64>(lease).store(now_ns() + static_cast<std::uint64_t>(kLease.count()),
                                      std::memory_order_seq_cst);
}

}  // namespace

Leases::Leases(std::chrono::nanoseconds patience)
    : patience_(patience), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Leases::add(__u64& lease) {
  const std::lock_guard lock(mutex_);
  leases_.push_back(&lease);
  extend(lease);
}

void Leases::remove(const __u64& lease) noexcept {
  const std::lock_guard lock(mutex_);
  std::erase(leases_, &lease);
}

void Leases::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (now_ns() < alive_at_.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(patience_.count()))
      for (auto* lease : leases_) extend(*lease);
    ending_.wait_for(lock, stop, kEvery, [] { return false; });
  }
}

}  // namespace arpline
