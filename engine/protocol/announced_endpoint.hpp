// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <random>

#include "base/claim_origin.hpp"
#include "base/net.hpp"

namespace arpline {

/// An endpoint, as the protocol machines name it: its slot.
using Id = std::uint32_t;
/// The interface that endpoints are on: none has more turns than another, however many addresses it has.
using InterfaceKey = std::uint64_t;

/// What the machines need to know of an endpoint.
struct AnnouncedEndpoint {
  Mac mac = 0;
  Ipv4 address = 0;
  std::uint16_t vlan = 0;    ///< host order
  bool announceable = true;  ///< its configuration allows it
  bool vepa = false;         ///< what it broadcasts comes back from the switch
  InterfaceKey owner = 0;
  bool operator==(const AnnouncedEndpoint&) const = default;
};

/// How an endpoint came to be known.
enum class Arrival {
  found,    ///< at the start: nobody knows for how long it has been there
  changed,  ///< while we looked: it came, or has another MAC, carrier or settings
};

struct Claim {
  Mac mac = 0;
  ClaimOrigin origin =
      ClaimOrigin::elsewhere;  ///< as far as the MAC alone tells: a proxy is found out by the defender
  bool dropped = false;        ///< it did not leave this host: nobody heard it
  std::uint64_t at = 0;        ///< when it was seen; 0: just now
};

/// A point of time that never comes.
inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

using Rng = std::mt19937_64;

/// From `low` to `high`, both included.
inline std::uint64_t uniform(Rng& rng, std::uint64_t low, std::uint64_t high) {
  return low + rng() % (high - low + 1);
}

}  // namespace arpline
