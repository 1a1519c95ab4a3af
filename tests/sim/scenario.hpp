// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/protocol.hpp"
#include "sim/cable.hpp"
#include "sim/switch.hpp"

namespace arpline::sim {

/// What goes wrong; docs/simulator.md describes each and derives how long the network may take to get over it.
enum class Fault : std::uint8_t {
  none,
  flush,      ///< the switch forgets everything
  flap,       ///< a container's MAC is seen at another port
  partition,  ///< the host is cut off, and no carrier tells
  lossy,      ///< half of the host's frames are lost
  carrier,    ///< the parent loses its carrier
  new_mac,    ///< a container comes back with another MAC
  restart,    ///< or with the same
  withdraw,   ///< or not at all
  interface_down,
  moves_away,  ///< its address is taken over by a second host
  comes_back,  ///< and comes from there
  moves_often,
  claims_once,  ///< a station announces an endpoint's address as its own
  claims_often,
  takes_address,  ///< and answers for it
  prober,         ///< an RFC 5227 host looks whether the address is free
  proxy,          ///< the gateway answers for everything
  gateway_gone,
  gateway_moved,  ///< it has another MAC
  mac_dropped,    ///< the switch drops one container's MAC
  port_locked,    ///< and whatever it has not learned
  pause,          ///< the host stands still, as a virtual machine does
  jump,           ///< its clock jumps forward
  worker_full,    ///< no order is taken
  sibling_claims,
  host_claims,
  silent,  ///< a container's kernel hangs
  storm,   ///< claims from more MACs than anybody can remember
  reconfigure,
  adversary,  ///< a station sends the worst that it can think of
  hostile,    ///< and so does a container
  kCount,
};
inline constexpr auto kFaults = static_cast<std::size_t>(Fault::kCount);
std::string_view name_of(Fault fault);

struct PlannedFault {
  Fault fault = Fault::none;
  Time at = 0;
  Time lasts = 0;
  std::size_t target = 0;  ///< a container
};

/// One network and what happens in it: all of it follows from the seed.
struct Scenario {
  std::uint64_t seed = 0;
  bool single = true;  ///< one fault: it must be got over; else only what may never happen is looked for
  std::vector<PlannedFault> faults;
  Time end = 0;  ///< of a run with many faults

  Protocol::Settings settings;
  Protocol::Settings other_settings;  ///< for Fault::reconfigure
  Quality quality;
  Switch::Behaviour behaviour;
  std::size_t most_macs = 0;
  std::size_t containers = 1;
  std::size_t peers = 1;  ///< in each VLAN
  std::size_t vlans = 1;
  bool gateways = true;
  bool vepa = false;
  bool polls_events = false;
  bool fast_path = true;
  bool quiet = false;  ///< nobody pings without a reason
  bool announces_itself = false;
  std::uint32_t swallowed = 0;  ///< of a thousand answers; for who has to notice it
};

/// `only`: with this single fault; kCount: as the seed says.
Scenario draw(std::uint64_t seed, Fault only = Fault::kCount);

/// For a person, in some lines.
std::string describe(const Scenario& scenario);

}  // namespace arpline::sim
