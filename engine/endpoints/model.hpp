// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/net.hpp"

namespace arpline {

/// IFLA_MACVLAN_MODE, as the kernel numbers it (linux/if_link.h).
enum class MacvlanMode : std::uint32_t { priv = 1, vepa = 2, bridge = 4, passthru = 8, source = 16 };

/// A network namespace: the inode of its nsfs file, and the name or process that a person knows it by.
struct Netns {
  std::uint64_t inode = 0;
  std::string name;  ///< file name in /run/netns, or "pid 123 (comm)", or "host" for the parent's own
  bool operator==(const Netns&) const = default;
};

struct InterfaceAddress {
  Ipv4 address = 0;
  std::uint8_t prefix_bits = 0;
  bool operator==(const InterfaceAddress&) const = default;
};

/// A macvlan or macvtap child of the parent, as one dump saw it.
struct Interface {
  Netns netns;
  int ifindex = 0;
  std::string name;
  Mac mac = 0;
  std::uint16_t vlan = 0;  ///< host order; 0: directly on the parent
  MacvlanMode mode = MacvlanMode::bridge;
  bool up = false;       ///< IFF_UP
  bool running = false;  ///< IFF_RUNNING: up and with carrier
  bool noarp = false;    ///< IFF_NOARP
  int arp_ignore = 0;    ///< in force: the larger of conf/all and the device's
  int rp_filter = 0;     ///< likewise
  std::vector<InterfaceAddress> addresses;
};

/// The parent and all its children at one moment.
struct Snapshot {
  int parent_ifindex = 0;
  std::string parent;
  std::uint64_t netns_inode = 0;  ///< the parent's own namespace
  Mac parent_mac = 0;
  bool vlan_uppers = false;  ///< a VLAN interface stands on the parent
  std::vector<Interface> interfaces;
};

}  // namespace arpline
