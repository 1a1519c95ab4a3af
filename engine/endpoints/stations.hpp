// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "base/net.hpp"
#include "shared/abi.h"
#include "shared/hash.h"

namespace arpline {

/// Whether a container's kernel has answered this MAC on the wire, as the egress program has noted in `heard`,
/// within kStationNs before `now`: what moves here from another host keeps its MAC, and is no second one.
inline constexpr __u64 kStationNs = 600 * ARPL_SECOND_NS;
bool was_station(std::span<const __u64> heard, const arpl_hash_keys& keys, Mac mac, __u64 now);

}  // namespace arpline
