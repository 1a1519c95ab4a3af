// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>

#include "base/clock.hpp"
#include "base/spsc.hpp"
#include "port/port.hpp"
#include "shared/reply.h"
#include "worker/stage.hpp"

namespace arpline {

using Orders = Spsc<Order, 4096>;

/// The engine's loop, run to completion: receive a burst, classify it, send it. Never throws, allocates, locks
/// or logs. A stage that is not behind ingress passes frames on, so its port must be able to hand frames to the
/// kernel.
template <Port P, Stage S = BehindIngress>
requires S::kBehindIngress || KernelPort<P>
class Worker {
 public:
  static constexpr std::size_t kBurstFrames = 64;
  static constexpr Duration kLinger = 50us;
  /// The port may refuse orders for this long before they are dropped. It usually takes them within
  /// milliseconds, unless the link is down; orders sent when the link is up again would be outdated.
  static constexpr Duration kOrderPatience = 250ms;
  static constexpr std::chrono::milliseconds kOrderRetry{1};

  Worker(P& port, WorkerTables tables, Orders& orders) requires S::kBehindIngress
      : Worker(port, tables, orders, S{tables}) {}

  /// Behind ingress, sets consumed := sent for each queue. Construct it before the port's sockets enter
  /// xsks_map.
  Worker(P& port, WorkerTables tables, Orders& orders, S stage)
      : port_(port), tables_(tables), orders_(orders), stage_(stage) {
    if constexpr (S::kBehindIngress) {
      for (std::uint16_t q = 0; q < port_.queues(); ++q) {
        taken_[q] = load_shared(tables_.credit[q].sent) - port_.lost(q);
        publish_consumed(q, port_.lost(q));
      }
    }
  }

  /// Handles one burst of frames and one of orders; returns the number of frames received. `clock` is read
  /// after receiving, so that a worker that was held up before recognizes old frames.
  template <class ReadClock>
  std::size_t step(ReadClock clock) noexcept {
    const auto count = port_.receive(burst_);
    if (count > 0) {
      answer(Burst{burst_}.first(count), clock());
      since_idle_ += count;
      empty_since_ = kNoTime;
    }
    handle_orders(clock);
    boundaries_.fetch_add(1, std::memory_order_release);
    return count;
  }

  /// Whether to poll again, after a step without frames, instead of calling idle(). After a full burst more
  /// frames are likely, and waking up takes longer than polling: on a busy machine a time slice of the
  /// scheduler.
  bool lingers(Instant now) noexcept {
    if (more_orders_) return true;
    if (since_idle_ < kBurstFrames) return false;
    if (empty_since_ == kNoTime) empty_since_ = now;
    return now - empty_since_ < kLinger;
  }

  /// Gives back the credit of lost frames and sleeps until there is work. To be called with empty rings only.
  void idle(Instant now) noexcept {
    if constexpr (S::kBehindIngress)
      for (std::uint16_t q = 0; q < port_.queues(); ++q) reclaim(q, now);
    since_idle_ = 0;
    empty_since_ = kNoTime;
    port_.wait(refused_.empty() ? kLongestWait : kOrderRetry);
  }

  LostOrders lost_orders() const noexcept {
    return {.announcements = lost_announcements_.load(std::memory_order_relaxed),
            .probes = lost_probes_.load(std::memory_order_relaxed)};
  }

  /// Orders sent or lost since the worker started.
  std::uint64_t finished_orders() const noexcept { return finished_orders_.load(std::memory_order_acquire); }

  std::uint64_t boundaries() const noexcept { return boundaries_.load(std::memory_order_acquire); }

 private:
  void publish_consumed(std::uint16_t q, std::uint64_t lost) noexcept {
    lost_[q] = lost;
    store_shared(tables_.credit[q].consumed, taken_[q] + lost);
  }

  // Frames that the kernel reports lost count as consumed at once. Frames that are missing although the program
  // has sent none for a second are lost as well: a redirect may fail without a report.
  void reclaim(std::uint16_t q, Instant now) noexcept {
    const auto sent = load_shared(tables_.credit[q].sent);
    if (sent == load_shared(tables_.credit[q].consumed)) return;
    const auto lost = port_.lost(q);
    if (sent != last_sent_[q]) {
      last_sent_[q] = sent;
      sent_since_[q] = now;
    } else if (now - sent_since_[q] > 1s) {
      taken_[q] = sent - lost;
    }
    publish_consumed(q, lost);
  }

  void answer(Burst burst, Instant now) noexcept {
    stage_.classify(burst, now, outcomes_);
    std::array<std::size_t, 3> n{};
    for (std::size_t i = 0; i < burst.size(); ++i) {
      if constexpr (S::kBehindIngress) ++taken_[burst[i].queue];
      const auto outcome = static_cast<std::size_t>(outcomes_[i]);
      sorted_[outcome][n[outcome]++] = burst[i];
    }
    const auto frames = [&](Outcome outcome) {
      return Burst{sorted_[static_cast<std::size_t>(outcome)]}.first(n[static_cast<std::size_t>(outcome)]);
    };
    send_replies(frames(Outcome::answer));
    port_.release(frames(Outcome::drop));
    if constexpr (S::kBehindIngress) {
      for (std::uint16_t q = 0; q < port_.queues(); ++q) publish_consumed(q, lost_[q]);
    } else {
      port_.hand_over(frames(Outcome::kernel));
    }
  }

  void send_replies(Burst replies) noexcept {
    const auto sent = port_.send(replies);
    count_shared(tables_.counts, ARPL_ENGINE_answered, sent);
    if (sent == replies.size()) return;
    count_shared(tables_.counts, ARPL_ENGINE_tx_full, replies.size() - sent);
    port_.release(replies.subspan(sent));
  }

  // Refused orders are retried first; later ones wait in the queue.
  template <class ReadClock>
  void handle_orders(ReadClock clock) noexcept {
    more_orders_ = false;
    if (refused_.empty()) {
      std::size_t n = 0;
      while (n < kBurstFrames && orders_.pop(taken_orders_[n])) ++n;
      refused_ = std::span{taken_orders_}.first(n);
      if (n == 0) return;
    }
    const auto sent = send_orders(refused_);
    finish_orders(sent);
    refused_ = refused_.subspan(sent);
    more_orders_ = refused_.empty();
    if (sent > 0) {
      refused_since_ = kNoTime;
    } else if (const auto now = clock(); refused_since_ == kNoTime) {
      refused_since_ = now;
    } else if (now - refused_since_ > kOrderPatience) {
      lose_orders();
    }
  }

  std::size_t send_orders(std::span<const Order> orders) noexcept {
    const auto room = port_.allocate(Burst{burst_}.first(orders.size()));
    const auto frames = Burst{burst_}.first(room);
    for (std::size_t i = 0; i < room; ++i)
      frames[i].len = arpl_write_arp(reinterpret_cast<std::uint8_t*>(frames[i].data), &orders[i].frame);
    const auto sent = port_.send(frames);
    port_.release(frames.subspan(sent));
    return sent;
  }

  void lose_orders() noexcept {
    auto lost = refused_.size();
    for (const auto& order : refused_) count_lost(order);
    for (; orders_.pop(taken_orders_[0]); ++lost) count_lost(taken_orders_[0]);
    refused_ = {};
    refused_since_ = kNoTime;
    finish_orders(lost);
  }

  void count_lost(const Order& order) noexcept {
    auto& lost = order.frame.sender_ip == order.frame.target_ip ? lost_announcements_ : lost_probes_;
    lost.fetch_add(1, std::memory_order_relaxed);
  }

  void finish_orders(std::size_t n) noexcept { finished_orders_.fetch_add(n, std::memory_order_release); }

  P& port_;
  WorkerTables tables_;
  Orders& orders_;
  S stage_;
  std::array<Frame, kBurstFrames> burst_{};
  std::array<Outcome, kBurstFrames> outcomes_{};
  std::array<std::array<Frame, kBurstFrames>, 3> sorted_{};  // one array for each Outcome
  std::array<std::uint64_t, ARPL_MAX_QUEUES> taken_{};
  std::array<std::uint64_t, ARPL_MAX_QUEUES> lost_{};
  std::array<std::uint64_t, ARPL_MAX_QUEUES> last_sent_{};
  std::array<Instant, ARPL_MAX_QUEUES> sent_since_{};
  std::size_t since_idle_ = 0;
  Instant empty_since_ = kNoTime;
  std::atomic<std::uint64_t> boundaries_{0};
  std::array<Order, kBurstFrames> taken_orders_{};
  std::span<const Order> refused_;  // the rest of taken_orders_
  Instant refused_since_ = kNoTime;
  bool more_orders_ = false;  // the last batch was sent: there may be more
  std::atomic<std::uint64_t> lost_announcements_{0};
  std::atomic<std::uint64_t> lost_probes_{0};
  std::atomic<std::uint64_t> finished_orders_{0};
};

}  // namespace arpline
