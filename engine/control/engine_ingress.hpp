// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "control/endpoint_registry.hpp"
#include "kernel/maps.hpp"
#include "worker/engine_ingress_tables.hpp"

namespace arpline {

/// Control's side of a worker that decides by itself: the maps' memory as its tables, copies of the hashes
/// among them that can't be mapped, its verdicts in the map where everybody looks for them. All calls from the
/// control thread.
class EngineIngressControl {
 public:
  /// `maps` outlive it.
  explicit EngineIngressControl(const Maps& maps);

  EngineIngressTables& tables() noexcept { return tables_; }
  /// The worker sees what the registry has now. What it saw before is kept until forget().
  void publish(const EndpointRegistry& registry);
  /// The worker has passed a burst boundary since publish(), or there is none.
  void forget() { old_.clear(); }
  /// Its verdicts into the map, its events to the handler.
  void collect(const std::function<void(const arpl_event&)>& on_event);

 private:
  struct Known {
    OwnMacTable macs;
    EndpointHash endpoints;  // those that the index has no room for
  };

  EngineIngressTables tables_;
  const Maps& maps_;
  std::vector<std::uint64_t> earlier_;  // verdicts of earlier runs
  std::unique_ptr<Known> known_;
  std::vector<std::unique_ptr<Known>> old_;
};

}  // namespace arpline
