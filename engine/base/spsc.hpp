// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>

namespace arpline {

/// A bounded ring between one producing and one consuming thread. Neither side waits or allocates.
template <class T, std::size_t N>
class Spsc {
  static_assert(std::has_single_bit(N));

 public:
  /// For the producer. False when the ring is full: the caller counts the loss.
  bool push(const T& item) noexcept {
    const auto tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == N) return false;
    items_[tail % N] = item;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// For the consumer. False when the ring is empty.
  bool pop(T& item) noexcept {
    const auto head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    item = items_[head % N];
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

 private:
  alignas(64) std::atomic<std::size_t> head_{0};
  alignas(64) std::atomic<std::size_t> tail_{0};
  std::array<T, N> items_{};
};

}  // namespace arpline
