// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "shared/abi.h"

namespace arpline {

struct ConfigEntry;

/// A limit on broadcast or multicast frames that are not ARP.
struct StormLimit {
  arpl_storm_kind kind = ARPL_STORM_BROADCAST;
  std::uint16_t ethertype = 0;   ///< host order; 0: all ethertypes without a limit of their own
  std::uint64_t per_second = 0;  ///< frames a second; 0: drop all
  bool operator==(const StormLimit&) const = default;
};

/// Adds the entries of `limits.broadcast` or `limits.multicast` to `limits`: frames a second by "ipv4", "ipv6",
/// "other" or a hexadecimal ethertype, at most ARPL_MAX_STORM_LIMITS in all. Throws SetupError with file, line
/// and key.
void add_storm_limits(arpl_storm_kind kind, const ConfigEntry& table, std::vector<StormLimit>& limits);

}  // namespace arpline
