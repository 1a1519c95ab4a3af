// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "endpoints/model.hpp"
#include "shared/abi.h"

namespace arpline {

/// What un-confirms an endpoint when it changes: where its address lies, and by which rules its kernel answers.
struct Settings {
  int nsid = -1;
  int ifindex = 0;
  int arp_ignore = 0;
  int rp_filter = 0;
  bool operator==(const Settings&) const = default;
};

/// An endpoint as the configuration of its interface asks for it.
struct Desired {
  arpl_endpoint_key key{};
  std::uint64_t word = 0;  ///< MAC word | ARPL_SLOT_*: served only without flags
  std::uint8_t prefix_bits = 32;
  bool slow = false;          ///< not by the fast path
  bool announceable = false;  ///< up, running, not NOARP, arp_ignore 0 to 2, the only one with its address
  bool vepa = false;          ///< what it broadcasts comes back from the switch
  std::optional<Settings> settings;  ///< none: left by an earlier run, not looked at yet
  ForeignText netns;
  ForeignText interface;
  std::string also_at{};       ///< a duplicate's other places
  std::uint64_t heard_at = 0;  ///< when what made it so was received; 0: there already at the start
};

/// The networks that the addresses of one interface lie in.
class Prefixes {
 public:
  /// True when it is the first in its network.
  bool add(const InterfaceAddress& address);
  /// True when it was the last in its network.
  bool remove(const InterfaceAddress& address);
  /// Of the widest network that contains it: row 10 of the decision.
  std::uint8_t widest(Ipv4 address) const;

 private:
  std::map<std::uint64_t, std::uint32_t> count_;  // by bits and network
  std::uint64_t lengths_ = 0;                     // that have occurred: bit n for /n
};

/// ARPL_SLOT_* that each of the interfaces of one namespace on one parent gives its addresses, in their order.
std::vector<std::uint64_t> flags_of(std::span<const Interface> interfaces);

/// What an address is as an endpoint; `flags` of flags_of(), `prefix_bits` of Prefixes::widest().
Desired endpoint_of(const Interface& interface, std::uint64_t flags, Ipv4 address, std::uint8_t prefix_bits);

}  // namespace arpline
