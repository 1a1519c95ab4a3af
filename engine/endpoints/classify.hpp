// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "endpoints/model.hpp"
#include "shared/abi.h"

namespace arpline {

/// The interface and the ARP sysctls of an endpoint. A change of any of them un-confirms it: another kernel may
/// answer, or the same kernel by other rules.
struct Settings {
  int nsid = -1;
  int ifindex = 0;
  int arp_ignore = 0;
  int rp_filter = 0;
  bool operator==(const Settings&) const = default;
};

/// The endpoint that one address of an interface makes: the input of the endpoint table.
struct Desired {
  arpl_endpoint_key key{};
  std::uint64_t word = 0;  ///< MAC word | ARPL_SLOT_*; answered for only while no flag is set
  std::uint8_t prefix_bits = 32;
  bool slow = false;                 ///< the program must not reflect for it
  bool announceable = false;         ///< up, running, not NOARP, arp_ignore 0 to 2, no duplicate
  bool vepa = false;                 ///< its broadcasts come back from the switch
  std::optional<Settings> settings;  ///< nullopt: adopted from an earlier run, not seen in this one yet
  ForeignText netns;
  ForeignText interface;
  std::string also_at{};       ///< the other interfaces with this address, for people
  Instant heard_at = kNoTime;  ///< time of the netlink message that made it so; kNoTime: it was so at the start
};

/// The subnets of one interface's addresses, counted by their addresses.
class Prefixes {
 public:
  /// True for the first address of a subnet.
  bool add(const InterfaceAddress& address);
  /// True for the last address of a subnet.
  bool remove(const InterfaceAddress& address);
  /// Prefix length of the widest subnet that contains the address, 32 when none does: row 10 of the decision
  /// table needs it.
  std::uint8_t widest(Ipv4 address) const;

 private:
  std::map<std::uint64_t, std::uint32_t> count_;  // by prefix length and network
  std::uint64_t lengths_ = 0;                     // bit n: a /n was added at some time
};

/// ARPL_SLOT_* flags for the addresses of each interface, in the same order. `interfaces`: all of one namespace
/// on one parent, because ARP flux depends on the others.
std::vector<std::uint64_t> flags_of(std::span<const Interface> interfaces);

/// `flags` as from flags_of(), `prefix_bits` as from Prefixes::widest().
Desired endpoint_of(const Interface& interface, std::uint64_t flags, Ipv4 address, std::uint8_t prefix_bits);

}  // namespace arpline
