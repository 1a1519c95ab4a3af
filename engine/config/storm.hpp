// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "shared/abi.h"

namespace arpline {

struct Place;

/// What somebody wants no more of than that, although it is not ARP.
struct StormLimit {
  arpl_storm_kind kind = ARPL_STORM_BROADCAST;
  std::uint16_t ethertype = 0;   ///< in host order; 0: all that have no limit of their own
  std::uint64_t per_second = 0;  ///< frames; 0: none passes
  bool operator==(const StormLimit&) const = default;
};

/// `limits.broadcast` or `limits.multicast`: a table of frames a second by "ipv4", "ipv6", "other" or a
/// hexadecimal ethertype. Added to `limits`, ARPL_MAX_STORM_LIMITS in all. Throws SetupError with file, line
/// and key.
void add_storm_limits(arpl_storm_kind kind, const Place& place, std::vector<StormLimit>& limits);

}  // namespace arpline
