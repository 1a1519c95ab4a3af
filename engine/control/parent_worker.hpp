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

/// The arguments of a ServiceFactory.
struct ServiceWanted {
  const LinkInfo& link;
  const ParentConfig& parent;
  bool ring;  ///< on every queue, or none
  WorkerTables tables;
  int xsks_map_fd;                     ///< the map for the sockets
  std::string pins;                    ///< the folder of the pins
  arpl_tables* front;                  ///< of a worker that decides by itself; otherwise nullptr
  std::chrono::milliseconds patience;  ///< how long to wait for queues that a killed owner still holds
};
/// Makes a worker. Throws SetupError.
using ServiceFactory = std::function<std::unique_ptr<Service>(const ServiceWanted&)>;

/// Whether the settings let any frame into a ring. Where they don't, it is better to have none: sockets cost
/// memory, and while they exist the number of queues can't be reduced. A DPDK device always has its rings,
/// because the operator asked for it.
bool wants_ring(const ParentState& state, const Limits& limits, bool fast_path);

/// The worker of one parent, while the parent needs one. It is replaced when its rings no longer fit, and a
/// watchdog reports when it is stuck.
class ParentWorker {
 public:
  /// `state` and `maps` outlive it. `pins`: the folder of the pins.
  ParentWorker(const ParentState& state, const Maps& maps, std::string pins, ServiceFactory factory);

  /// Starts the first worker. `patience`: how long to wait for queues that a killed owner still holds. Throws
  /// SetupError.
  void start(bool ring, std::chrono::milliseconds patience);
  /// Stops the worker. Frames that the program redirected before the rings were closed are still answered.
  void stop();
  /// Starts, replaces or stops the worker as the settings need; to be called after they are written. While
  /// frames have no ring to go to, the endpoints' kernels answer. When a ring can't be had, the worker runs
  /// without one, logs that once, and the next call tries again. Throws SetupError.
  void fit(bool ring);

  /// nullptr: there is none.
  Service* service() const noexcept { return service_.get(); }
  /// Shows the worker the registry's present endpoints and MACs, if it decides by itself.
  void publish(const EndpointRegistry& registry);
  /// Returns when nothing that has been withdrawn is answered for any more. `changed`: the registry has changed
  /// since the last call; `withdrawn`: an endpoint that was answered for is gone.
  void settle(const EndpointRegistry& registry, bool changed, bool withdrawn);
  /// Collects the verdicts and the events of a worker that decides by itself.
  void collect(const std::function<void(const arpl_event&)>& on_event);
  /// False while the worker is stuck; logs when that changes. Every tick.
  bool healthy(Instant now);

  std::uint16_t queues() const { return service_ ? service_->queues() : 0; }
  /// Of this worker and those before it.
  LostOrders lost_orders() const {
    auto lost = lost_before_;
    if (service_) lost += service_->lost_orders();
    return lost;
  }
  std::uint64_t not_handed_over() const {
    return not_handed_over_before_ + (service_ ? service_->not_handed_over() : 0);
  }
  /// The reason why there is no ring although one is wanted; otherwise empty.
  const std::string& ring_complaint() const noexcept { return ring_complaint_; }

 private:
  const ParentState& state_;
  const Maps& maps_;
  std::string pins_;
  ServiceFactory factory_;
  std::unique_ptr<EngineIngressControl> ingress_;
  std::unique_ptr<Service> service_;
  std::pair<unsigned, unsigned> ring_queues_;  // receive and transmit queues that the rings were made for
  bool ring_ = false;                          // the worker has one
  bool healthy_ = true;
  std::string ring_complaint_;
  LostOrders lost_before_;
  std::uint64_t not_handed_over_before_ = 0;
  WorkerWatchdog watchdog_;
};

}  // namespace arpline
