// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "instant.hpp"

namespace arpline::sim {

/// Since the start of a run: the network's time. Hosts have clocks of their own.
using Time = Duration;
inline constexpr Duration kMs = 1ms;
inline constexpr Duration kSecond = 1s;

/// A random time from 0 on, below `end`.
inline Time random_below(std::mt19937_64& rng, Time end) {
  return duration_from_raw(rng() % raw(end));
}

/// The event queue. Tasks of the same time run in the order in which they were planned.
class Queue {
 public:
  using Task = std::function<void()>;

  Time now() const noexcept { return now_; }
  void after(Time delay, Task task) {
    heap_.push_back({now_ + delay, planned_++, std::move(task)});
    std::ranges::push_heap(heap_, later);
  }

  /// Runs all tasks until `end`, or until `enough` returns true.
  template <class Enough>
  void run(Time end, Enough enough) {
    while (!heap_.empty() && heap_.front().when <= end && !enough()) {
      std::ranges::pop_heap(heap_, later);
      auto next = std::move(heap_.back());
      heap_.pop_back();
      now_ = next.when;
      next.task();
    }
    if (!enough()) now_ = end;
  }

 private:
  struct Planned {
    Time when{};
    std::uint64_t order = 0;
    Task task;
  };
  static bool later(const Planned& a, const Planned& b) noexcept {
    return std::pair{a.when, a.order} > std::pair{b.when, b.order};
  }

  std::vector<Planned> heap_;
  Time now_{};
  std::uint64_t planned_ = 0;
};

}  // namespace arpline::sim
