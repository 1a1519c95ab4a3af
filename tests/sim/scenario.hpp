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

/// The faults; docs/simulator.md describes each and derives the time for recovery.
enum class Fault : std::uint8_t {
  none,
  flush,      ///< the switch forgets all MACs
  flap,       ///< a container's MAC is seen at another port
  partition,  ///< the host is cut off while carriers stay up
  lossy,      ///< half of the host's frames are lost
  carrier,    ///< the parent loses its carrier
  new_mac,    ///< a container comes back with another MAC
  restart,    ///< a container comes back with the same MAC
  withdraw,   ///< a container goes and does not come back
  interface_down,
  moves_away,  ///< a second host takes over a container's address
  comes_back,  ///< the address returns from there
  moves_often,
  claims_once,  ///< a station announces an endpoint's address as its own
  claims_often,
  takes_address,  ///< a station announces an endpoint's address and answers for it
  prober,         ///< an RFC 5227 host probes for an endpoint's address
  proxy,          ///< the gateway answers for any address
  gateway_gone,
  gateway_moved,  ///< the gateway has another MAC
  mac_dropped,    ///< the switch drops one container's MAC
  port_locked,    ///< the switch drops all MACs that it has not learned at the host's port
  pause,          ///< the host stops, as a virtual machine does
  jump,           ///< its clock jumps forward
  worker_full,    ///< the worker refuses orders
  sibling_claims,
  host_claims,
  silent,  ///< a container's kernel hangs
  storm,   ///< claims from more MACs than the machines remember
  reconfigure,
  adversary,  ///< a station sends hostile frames
  hostile,    ///< a container sends hostile frames
  kCount,
};
inline constexpr auto kFaults = static_cast<std::size_t>(Fault::kCount);
std::string_view name_of(Fault fault);

struct PlannedFault {
  Fault fault = Fault::none;
  Time at{};
  Time lasts{};
  std::size_t target = 0;  ///< a container
};

/// One network and its faults, all derived from the seed.
struct Scenario {
  std::uint64_t seed = 0;
  /// One fault, after which the network must recover. With several, only the rules that hold at any time are
  /// checked.
  bool single = true;
  std::vector<PlannedFault> faults;
  Time end{};  ///< the end of a run with several faults

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
  bool quiet = false;  ///< no background traffic
  bool announces_itself = false;
  std::uint32_t swallowed = 0;  ///< thousandths of the answers that the host loses
};

/// `only`: draws this single fault; kCount: the seed decides.
Scenario draw(std::uint64_t seed, Fault only = Fault::kCount);

/// A few lines of text.
std::string describe(const Scenario& scenario);

}  // namespace arpline::sim
