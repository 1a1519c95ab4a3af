// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/claim_origin.hpp"
#include "base/net.hpp"
#include "protocol/timing.hpp"

namespace arpline {

/// The protocol machines' id of an endpoint: its slot.
using Id = std::uint32_t;
/// Identifies the network namespace of an endpoint. Queues serve namespaces in turns, however many addresses
/// each has, and interfaces: a container can make itself any number of macvlan interfaces on the parent.
using NetnsKey = std::uint64_t;

/// The properties of an endpoint that the protocol machines need.
struct AnnouncedEndpoint {
  Mac mac = 0;
  Ipv4 address = 0;
  std::uint16_t vlan = 0;    ///< host order
  bool announceable = true;  ///< its interface's state and the configuration allow it
  bool vepa = false;         ///< its broadcasts come back from the switch
  NetnsKey owner = 0;
  bool operator==(const AnnouncedEndpoint&) const = default;
};

/// Why arpline learns of an endpoint.
enum class Arrival {
  found,    ///< it existed when arpline started, since when is not known
  changed,  ///< it appeared, or its MAC, carrier or settings changed, while arpline ran
};

struct Claim {
  Mac mac = 0;
  ClaimOrigin origin = ClaimOrigin::elsewhere;  ///< as far as the MAC tells; Defender detects proxies
  bool dropped = false;                         ///< sent by this host and dropped before the wire
  Instant at = kNoTime;                         ///< when a program saw it; kNoTime: now
};

}  // namespace arpline
