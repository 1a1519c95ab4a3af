// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "base/clock.hpp"
#include "base/net.hpp"
#include "shared/abi.h"
#include "shared/hash.h"

namespace arpline {

/// Whether a container's kernel has answered this MAC on the wire, as the egress program has noted in `heard`,
/// within kStation before `now`: what moves here from another host keeps its MAC, and is no second one.
inline constexpr Duration kStation = 10min;
bool was_station(std::span<const __u64> heard, const arpl_hash_keys& keys, Mac mac, Instant now);

}  // namespace arpline
