// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "shared/abi.h"
#include "shared/reply.h"
#include "shared/verdicts.h"

namespace arpline {

/// A frame that control wants a worker to send; any ARP frame.
struct Order {
  arpl_write frame{};
};

/// Numbers of orders that a worker has taken from control and that its port has refused.
struct LostOrders {
  std::uint64_t announcements = 0;  ///< announcements and defences: sender IP = target IP
  std::uint64_t probes = 0;         ///< probes, and who-has for gateways

  LostOrders& operator+=(const LostOrders& more) noexcept {
    announcements += more.announcements;
    probes += more.probes;
    return *this;
  }
  bool operator==(const LostOrders&) const = default;
};

/// The maps' memory that a worker reads and writes. The maps own it and outlive the worker.
struct WorkerTables {
  std::span<const arpl_slot> slots;
  std::span<arpl_credit> credit;
  arpl_engine_counts* counts = nullptr;  ///< this worker's row
};

/// Control's view of a running worker. All calls come from the control thread.
class Service {
 public:
  virtual ~Service() = default;
  /// Queues an order; false when the queue is full. A sleeping worker does not notice it: call wake()
  /// afterwards.
  virtual bool order(const Order& order) noexcept = 0;
  /// Wakes a sleeping worker; to be called once after each batch of orders.
  virtual void wake() noexcept = 0;
  /// Since the worker started.
  virtual LostOrders lost_orders() const noexcept = 0;
  /// Frames that the port could not hand over to the kernel, since the worker started.
  virtual std::uint64_t not_handed_over() const noexcept = 0;
  /// Waits until the worker has passed a burst boundary and has sent or lost all earlier orders; false when
  /// `patience` ends first. After true, the worker neither answers for nor announces an endpoint that was
  /// withdrawn before the call.
  virtual bool pass_boundary(std::chrono::milliseconds patience) noexcept = 0;
  /// Grows at least every 250 ms while the thread runs; an unchanged number means that the thread hangs.
  virtual std::uint64_t heartbeat() const noexcept = 0;
  /// Answers the frames that are in the rings, then ends the thread. The caller must have stopped the programs
  /// from filling the rings.
  virtual void drain_and_stop() noexcept = 0;
  /// The number of queues with a ring; 0 when the port has none.
  virtual std::uint16_t queues() const noexcept = 0;
};

}  // namespace arpline
