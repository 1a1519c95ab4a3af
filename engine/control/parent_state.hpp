// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.hpp"
#include "endpoints/model.hpp"
#include "kernel/link.hpp"

namespace arpline {

/// The configuration and the kernel's description of a served parent. ServedParent changes it, its parts read
/// it.
struct ParentState {
  Config config;
  ParentConfig own;   ///< this parent's part of `config`
  LinkInfo link;      ///< as its driver and the kernel describe it
  ParentLink parent;  ///< as discovery knows it

  /// True when the worker decides by itself, without an ingress program.
  bool decides_alone() const { return ingress_of(own) == Ingress::engine; }
  /// In mode observe the program passes every frame and needs no worker. A worker that decides by itself has to
  /// pass the frames on in any mode.
  bool needs_service() const { return config.mode == Mode::answer || decides_alone(); }
  /// A bond, team or bridge gets its frames from its members' queues, so a socket can't be bound to a queue of
  /// its own.
  bool can_have_ring() const {
    if (decides_alone()) return true;
    return !own.generic_xdp && link.kind != "bond" && link.kind != "team" && link.kind != "bridge";
  }
  /// For the log and the status.
  std::string name() const { return visible(link.name); }
};

/// True when the carrier has come back, also when no event reported its loss.
inline bool carrier_came_back(const ParentLink& before, const ParentLink& now) {
  return now.running && (!before.running || now.carrier_ups != before.carrier_ups);
}

}  // namespace arpline
