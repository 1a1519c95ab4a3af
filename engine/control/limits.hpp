// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.hpp"
#include "kernel/storm.hpp"
#include "shared/abi.h"

namespace arpline {

/// What the parent itself decides.
struct Switches {
  bool hidden_tags = false;  ///< its NIC strips tags
  bool fast_path = true;     ///< XDP_TX is wanted and arrives
  bool in_pieces = false;    ///< its frames may come in more than one buffer
  bool one_queue = false;    ///< XDP runs for one frame at a time
  bool other_pairs = false;  ///< FilterRotation::other()
  bool other_heard = false;
  bool other_announced = false;
  Mac mac = 0;  ///< its own
};

/// The budgets and switches for the `limits` map. `now` are those in force: what control has seen meanwhile
/// (neigh_full_ns, egress_seen_ns) and what it awaits (host_awaits) stay.
arpl_limits limits_for(const Config& config, const Limits& limits, Switches switches, const arpl_limits& now);

/// Into the map, while frames are looked at: each aligned word is the old or the new one, never half of each.
void put_limits(const arpl_limits& wanted, arpl_limits& map) noexcept;
/// The limits on what is not ARP, for the `storm` map.
Storm::Limits storm_limits_for(const Config& config);

}  // namespace arpline
