// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/engine_ingress.hpp"
#include "control/parent_state.hpp"
#include "control/worker_watchdog.hpp"
#include "worker/service.hpp"

namespace arpline {

/// What the worker of a parent is made of.
struct ServiceWanted {
  const LinkInfo& link;
  const ParentConfig& parent;
  bool ring;  ///< on every queue, or none
  WorkerTables tables;
  int xsks_map_fd;                     ///< the sockets go there
  std::string pins;                    ///< folder
  arpl_tables* front;                  ///< of an engine without ingress in front; otherwise nullptr
  std::chrono::milliseconds patience;  ///< for queues that a killed owner has not let go of yet
};
/// Throws SetupError.
using ServiceFactory = std::function<std::unique_ptr<Service>(const ServiceWanted&)>;

/// Whether a frame can get into a ring. Sockets on the parent's queues cost memory, and the number of queues
/// can't be reduced under them. DPDK's devices are what the operator asked for.
bool wants_ring(const ParentState& state, const Limits& limits, bool fast_path);

/// The worker of one parent, as long as it needs one: made anew when the rings no longer fit, and watched.
class ParentWorker {
 public:
  /// All outlive it. `pins`: the folder.
  ParentWorker(const ParentState& state, const Maps& maps, std::string pins, ServiceFactory factory);

  /// The first one. `patience`: for queues that a killed owner has not let go of. Throws SetupError.
  void start(bool ring, std::chrono::milliseconds patience);
  /// What the program handed over before the rings were closed is still answered.
  void stop();
  /// After the limits: what the program hands over has somewhere to go, and while it has not, its kernel
  /// answers. Without a ring that can't be had it serves on, says so once, and tries again the next time.
  /// Throws SetupError.
  void fit(bool ring);

  /// nullptr: there is none.
  Service* service() const noexcept { return service_.get(); }
  /// The worker sees what the registry has now.
  void publish(const EndpointRegistry& registry);
  /// Returns when nothing that has been withdrawn is answered for any more. `changed`: the registry has, since
  /// the last time; `withdrawn`: something that was answered for is gone.
  void settle(const EndpointRegistry& registry, bool changed, bool withdrawn);
  /// What a worker without a program in front of it has counted and seen.
  void collect(const std::function<void(const arpl_event&)>& on_event);
  /// False while it does not move on; says so in the log when that changes. Every tick.
  bool healthy(std::uint64_t now);

  std::uint16_t queues() const { return service_ ? service_->queues() : 0; }
  /// By this worker and those before it.
  LostOrders lost_orders() const {
    auto lost = lost_before_;
    if (service_) lost += service_->lost_orders();
    return lost;
  }
  std::uint64_t not_handed_over() const {
    return not_handed_over_before_ + (service_ ? service_->not_handed_over() : 0);
  }
  /// Why there is no ring although one is wanted; empty: there is, or none is.
  const std::string& ring_complaint() const noexcept { return ring_complaint_; }

 private:
  const ParentState& state_;
  const Maps& maps_;
  std::string pins_;
  ServiceFactory factory_;
  std::unique_ptr<EngineIngressControl> front_;
  std::unique_ptr<Service> service_;
  std::pair<unsigned, unsigned> ring_queues_;  // receive, transmit: what it was made for
  bool ring_ = false;                          // it has one
  bool healthy_ = true;
  std::string ring_complaint_;
  LostOrders lost_before_;
  std::uint64_t not_handed_over_before_ = 0;
  WorkerWatchdog watchdog_;
};

}  // namespace arpline
