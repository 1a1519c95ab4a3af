// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "shared/abi.h"
#include "shared/reply.h"
#include "shared/verdicts.h"

namespace arpline {

/// What control asks a worker to send: any ARP frame.
struct Order {
  arpl_write frame{};
};

/// Orders that a worker has taken and its port did not.
struct LostOrders {
  std::uint64_t announcements = 0;  ///< and defences: sender IP = target IP
  std::uint64_t probes = 0;         ///< and who-has for gateways

  LostOrders& operator+=(const LostOrders& more) noexcept {
    announcements += more.announcements;
    probes += more.probes;
    return *this;
  }
  bool operator==(const LostOrders&) const = default;
};

/// The maps' memory that a worker reads and writes; owned by the maps, which outlive it.
struct WorkerTables {
  std::span<const arpl_slot> slots;
  std::span<arpl_credit> credit;
  arpl_engine_counts* counts = nullptr;  ///< this worker's row
};

/// A running worker as control sees it. All calls from the control thread.
class Service {
 public:
  virtual ~Service() = default;
  /// False when the ring of orders is full. The worker may sleep on: see wake().
  virtual bool order(const Order& order) noexcept = 0;
  /// Once after each batch of orders.
  virtual void wake() noexcept = 0;
  /// Ever.
  virtual LostOrders lost_orders() const noexcept = 0;
  /// Frames for the kernel that the port could not hand over, ever.
  virtual std::uint64_t not_handed_over() const noexcept = 0;
  /// After it returns true the worker has passed a burst boundary, and what was ordered before is sent or lost:
  /// what was withdrawn before is neither answered for nor announced any more.
  virtual bool pass_boundary(std::chrono::milliseconds patience) noexcept = 0;
  /// Counts on while the thread moves, at least every 250 ms; the same number twice tells of a hung one.
  virtual std::uint64_t heartbeat() const noexcept = 0;
  /// Answers what is in the rings, then ends. Nobody may put frames there any more.
  virtual void drain_and_stop() noexcept = 0;
  /// Queues that have a ring; 0 when the port has none.
  virtual std::uint16_t queues() const noexcept = 0;
};

}  // namespace arpline
