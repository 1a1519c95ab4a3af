// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.hpp"
#include "kernel/storm.hpp"
#include "shared/abi.h"

namespace arpline {

/// The settings that depend on the parent rather than on the configuration.
struct Switches {
  bool hidden_tags = false;  ///< the NIC strips VLAN tags
  bool fast_path = true;     ///< the fast path is configured and works
  bool in_pieces = false;    ///< a frame may come in more than one buffer
  bool one_queue = false;    ///< XDP runs for one frame at a time
  bool other_pairs = false;  ///< FilterRotation::other()
  bool other_heard = false;
  bool other_announced = false;
  Mac mac = 0;  ///< the parent's
};

/// The new content of the `limits` map. `now` is the present content, of which the control loop's own fields
/// are kept: neigh_full_ns, egress_seen_ns and host_awaits.
arpl_limits limits_for(const Config& config, const Limits& limits, Switches switches, const arpl_limits& now);

/// Writes the map while programs read it: each aligned word is the old or the new one, never half of each.
void put_limits(const arpl_limits& wanted, arpl_limits& map) noexcept;
/// The limits on broadcast and multicast other than ARP, for the `storm` map.
Storm::Limits storm_limits_for(const Config& config);

}  // namespace arpline
