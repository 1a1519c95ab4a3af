// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "control/endpoint_registry.hpp"
#include "endpoints/tables.hpp"
#include "kernel/maps.hpp"

namespace arpline {

/// The control thread's side of a worker that decides by itself. It gives the worker the maps' memory as
/// tables, and copies of the hash maps, which can't be mapped; it adds the worker's verdicts to the verdicts
/// map. All calls from the control thread.
class EngineIngressControl {
 public:
  /// `maps` outlive it.
  explicit EngineIngressControl(const Maps& maps);

  arpl_tables& tables() noexcept { return tables_; }
  /// Shows the worker the registry's present endpoints and MACs. Earlier ones are kept until forget().
  void publish(const EndpointRegistry& registry);
  /// Frees the earlier ones. To be called when the worker has passed a burst boundary since publish(), or when
  /// there is no worker.
  void forget() { old_.clear(); }
  /// Writes the worker's verdicts to the map and passes its events to `on_event`.
  void collect(const std::function<void(const arpl_event&)>& on_event);

 private:
  struct Known {
    OwnMacTable macs;
    EndpointHash endpoints;  // those that the index has no room for
  };

  arpl_tables tables_;
  arpl_verdict_counts verdicts_{};  // the worker's
  EventRing events_;
  const Maps& maps_;
  std::vector<std::uint64_t> earlier_;  // verdicts of earlier runs
  std::unique_ptr<Known> known_;
  std::vector<std::unique_ptr<Known>> old_;
};

}  // namespace arpline
