// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstring>

#include "base/clock.hpp"
#include "base/spsc.hpp"
#include "port/port.hpp"
#include "shared/packet.h"
#include "shared/reply.h"
#include "worker/service.hpp"

namespace arpline {

using Orders = Spsc<Order, 1024>;

/// The engine stage behind ingress, run to completion: burst in, check, burst out. ingress has decided already;
/// only the slot's word and generation are looked at again. Never throws, allocates, locks or logs.
template <Port P>
class Worker {
 public:
  static constexpr std::size_t kBurstFrames = 64;

  /// Sets consumed := sent for every queue: call before the port's sockets enter xsks_map.
  Worker(P& port, WorkerTables tables, Orders& orders) : port_(port), tables_(tables), orders_(orders) {
    for (std::uint16_t q = 0; q < port_.queues(); ++q) {
      taken_[q] = load(tables_.credit[q].sent) - port_.lost(q);
      publish_consumed(q, port_.lost(q));
    }
  }

  /// One burst and the orders that wait; returns how many frames it took from the rings. `clock` is asked when
  /// they are taken: a worker that was held up before does not take old frames for new ones.
  template <class Clock>
  std::size_t step(Clock clock) noexcept {
    const auto count = port_.receive(burst_);
    if (count > 0) answer(Burst{burst_}.first(count), clock());
    obey();
    boundaries_.fetch_add(1, std::memory_order_release);
    return count;
  }

  /// Gives back the credit of frames that never arrived, and sleeps until there is something to do. The rings
  /// are empty when it is called.
  void idle(std::uint64_t now) noexcept {
    for (std::uint16_t q = 0; q < port_.queues(); ++q) reclaim(q, now);
    port_.wait(kLongestWait);
  }

  /// Announcements that the port did not take.
  std::uint64_t lost_orders() const noexcept { return lost_orders_.load(std::memory_order_relaxed); }

  std::uint64_t boundaries() const noexcept { return boundaries_.load(std::memory_order_acquire); }

 private:
  template <class T>
  static T load(const T& field) noexcept {
    return std::atomic_ref<T>(const_cast<T&>(field)).load(std::memory_order_acquire);
  }

  void publish_consumed(std::uint16_t q, std::uint64_t lost) noexcept {
    lost_[q] = lost;
    std::atomic_ref<__u64>(tables_.credit[q].consumed).store(taken_[q] + lost, std::memory_order_release);
  }

  // What the kernel says it lost, at once. What is outstanding although nothing was sent for a second (a
  // redirect that failed without a word) is lost as well.
  void reclaim(std::uint16_t q, std::uint64_t now) noexcept {
    const auto sent = load(tables_.credit[q].sent);
    if (sent == load(tables_.credit[q].consumed)) return;
    const auto lost = port_.lost(q);
    if (sent != last_sent_[q]) {
      last_sent_[q] = sent;
      sent_since_[q] = now;
    } else if (now - sent_since_[q] > ARPL_SECOND_NS) {
      taken_[q] = sent - lost;
    }
    publish_consumed(q, lost);
  }

  void count(arpl_engine_verdict verdict, std::uint64_t n = 1) noexcept {
    auto& counter = reinterpret_cast<__u64*>(tables_.counts)[verdict];
    std::atomic_ref<__u64>(counter).fetch_add(n, std::memory_order_relaxed);
  }

  // The frame becomes its answer, or the verdict says why not.
  arpl_engine_verdict judge(Frame& frame, std::uint64_t now) noexcept {
    arpl_ring_meta meta;
    std::memcpy(&meta, frame.data - sizeof meta, sizeof meta);
    if (now > meta.time_ns + ARPL_MAX_RING_AGE_NS) return ARPL_ENGINE_stale;
    if (meta.slot >= tables_.slots.size()) return ARPL_ENGINE_withdrawn;
    const auto& slot = tables_.slots[meta.slot];
    const auto word = load(slot.word);
    const auto generation = load(slot.generation);
    if (word == 0 || (word & ARPL_SLOT_FLAGS_MASK) != 0 || generation != meta.generation) {
      return ARPL_ENGINE_withdrawn;
    }
    arpl_arp arp{};
    auto* bytes = reinterpret_cast<std::uint8_t*>(frame.data);
    if (arpl_parse(bytes, bytes + frame.len, &arp) != ARPL_PARSED) return ARPL_ENGINE_withdrawn;
    frame.len = arpl_write_reply(bytes, &arp, word);
    return ARPL_ENGINE_answered;
  }

  void answer(Burst burst, std::uint64_t now) noexcept {
    std::size_t replies = 0;
    std::size_t dropped = 0;
    for (auto& frame : burst) {
      ++taken_[frame.queue];
      const auto verdict = judge(frame, now);
      if (verdict == ARPL_ENGINE_answered) {
        replies_[replies++] = frame;
      } else {
        count(verdict);
        dropped_[dropped++] = frame;
      }
    }
    const auto sent = port_.send(Burst{replies_}.first(replies));
    count(ARPL_ENGINE_answered, sent);
    if (sent < replies) {
      count(ARPL_ENGINE_tx_full, replies - sent);
      port_.release(Burst{replies_}.subspan(sent, replies - sent));
    }
    port_.release(Burst{dropped_}.first(dropped));
    for (std::uint16_t q = 0; q < port_.queues(); ++q) publish_consumed(q, lost_[q]);
  }

  void obey() noexcept {
    Order order;
    while (orders_.pop(order)) {
      Frame frame{};
      if (port_.allocate({&frame, 1}) == 0) {
        lost_orders_.fetch_add(1, std::memory_order_relaxed);
        continue;
      }
      frame.len = arpl_write_announcement(reinterpret_cast<std::uint8_t*>(frame.data), order.mac, order.address,
                                          order.vlan);
      if (port_.send({&frame, 1}) == 0) {
        port_.release({&frame, 1});
        lost_orders_.fetch_add(1, std::memory_order_relaxed);
      }
    }
  }

  P& port_;
  WorkerTables tables_;
  Orders& orders_;
  std::array<Frame, kBurstFrames> burst_{};
  std::array<Frame, kBurstFrames> replies_{};
  std::array<Frame, kBurstFrames> dropped_{};
  std::array<std::uint64_t, ARPL_MAX_QUEUES> taken_{};
  std::array<std::uint64_t, ARPL_MAX_QUEUES> lost_{};
  std::array<std::uint64_t, ARPL_MAX_QUEUES> last_sent_{};
  std::array<std::uint64_t, ARPL_MAX_QUEUES> sent_since_{};
  std::atomic<std::uint64_t> boundaries_{0};
  std::atomic<std::uint64_t> lost_orders_{0};
};

}  // namespace arpline
