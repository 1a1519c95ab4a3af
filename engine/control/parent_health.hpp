// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "control/parent_parts.hpp"

namespace arpline {

/// Checks what a parent's fast path, egress filter, worker and neighbours are able to do, and fits the
/// programs' settings and the worker to that.
class ParentHealth {
 public:
  /// `parts` outlive it.
  explicit ParentHealth(ParentParts& parts) : parts_(parts) {}

  /// What the configuration, the limits and the parts say now goes into the programs' settings.
  void write_settings();
  /// After the settings: the worker has a ring where one can be used. Throws SetupError.
  void fit_worker();
  bool worker_wants_ring() const;

  /// Every ServedParent::kTickNs: the fast path and the egress filter. Throws SetupError.
  void tick();
  /// Every second: the filters' parts, the neighbour table, what the driver refused, the number of queues, the
  /// joined groups, the offloads. Throws SetupError.
  void second();
  /// Something about that interface has changed; nsid: none for the own namespace.
  void on_link_elsewhere(std::optional<int> nsid, int ifindex);
  /// Tagged frames have come in.
  void read_tags();

 private:
  void check_peer();
  void check_driver(std::uint64_t now);

  ParentParts& parts_;
};

}  // namespace arpline
