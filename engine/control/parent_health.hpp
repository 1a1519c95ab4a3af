// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "control/parent_parts.hpp"

namespace arpline {

/// Checks a parent's fast path, egress filter, worker and neighbours, and adapts the programs' settings and the
/// worker to the result.
class ParentHealth {
 public:
  /// `parts` outlive it.
  explicit ParentHealth(ParentParts& parts) : parts_(parts) {}

  /// Writes the programs' settings from the configuration, the limits and the state of the parts.
  void write_settings();
  /// Gives the worker a ring where one can be used. To be called after write_settings(). Throws SetupError.
  void fit_worker();
  bool worker_wants_ring() const;

  /// Checks the fast path and the egress filter. Every ServedParent::kTick. Throws SetupError.
  void tick();
  /// Checks the filters' rotation, the neighbour table, the driver's refusals, the number of queues, the joined
  /// groups and the offloads. Every second. Throws SetupError.
  void second();
  /// A link has changed; nsid: nullopt for the own namespace.
  void on_link_elsewhere(std::optional<int> nsid, int ifindex);
  /// Reads the tagged frames that have come in.
  void read_tags();

 private:
  void check_peer();
  void check_driver(Instant now);

  ParentParts& parts_;
};

}  // namespace arpline
