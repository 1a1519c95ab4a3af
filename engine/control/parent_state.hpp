// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.hpp"
#include "endpoints/model.hpp"
#include "kernel/link.hpp"

namespace arpline {

/// What the configuration and the kernel say of a parent that is served. ServedParent changes it, its parts
/// read it.
struct ParentState {
  Config config;
  ParentConfig own;   ///< this parent's part of it
  LinkInfo link;      ///< as its driver and the kernel describe it
  ParentLink parent;  ///< as discovery knows it

  /// There is no program in front of the worker.
  bool decides_alone() const { return ingress_of(own) == Ingress::engine; }
  /// In observe the program passes everything; an engine without it has to hand everything over.
  bool needs_service() const { return config.mode == Mode::answer || decides_alone(); }
  /// Master devices see a frame on whatever member it came in: no queue of theirs can have a socket.
  bool can_have_ring() const {
    if (decides_alone()) return true;
    return !own.generic_xdp && link.kind != "bond" && link.kind != "team" && link.kind != "bridge";
  }
  /// For the log and the status.
  std::string name() const { return visible(link.name); }
};

/// True when the carrier has come back, or has been away without being told.
inline bool carrier_came_back(const ParentLink& before, const ParentLink& now) {
  return now.running && (!before.running || now.carrier_ups != before.carrier_ups);
}

}  // namespace arpline
