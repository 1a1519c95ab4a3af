// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/foreign_text.hpp"
#include "base/net.hpp"
#include "shared/abi.h"

namespace arpline {

/// IFLA_MACVLAN_MODE, as the kernel numbers it (linux/if_link.h).
enum class MacvlanMode : std::uint32_t { priv = 1, vepa = 2, bridge = 4, passthru = 8, source = 16 };

/// A network namespace: its nsid as seen from the parent's namespace, and its name for people.
struct Netns {
  int nsid = -1;
  std::uint64_t inode = 0;  ///< of its nsfs file; 0: not known yet
  ForeignText name;         ///< as from netns_name()
  bool own = false;         ///< it is the parent's namespace
  bool operator==(const Netns&) const = default;
};

struct InterfaceAddress {
  Ipv4 address = 0;
  std::uint8_t prefix_bits = 0;
  bool operator==(const InterfaceAddress&) const = default;
};

/// Numeric order, so that the addresses of a subnet are adjacent.
inline bool comes_before(const InterfaceAddress& a, const InterfaceAddress& b) noexcept {
  const auto left = ntohl(a.address);
  const auto right = ntohl(b.address);
  return left != right ? left < right : a.prefix_bits < b.prefix_bits;
}

struct AddressLess {
  bool operator()(const InterfaceAddress& a, const InterfaceAddress& b) const noexcept {
    return comes_before(a, b);
  }
};

/// A macvlan or macvtap interface, from the kernel's netlink messages.
struct Interface {
  Netns netns;
  int parent = 0;  ///< the parent's ifindex
  int ifindex = 0;
  ForeignText name;
  ForeignText first_name;  ///< the name at its discovery; include and exclude match this one
  ForeignText host_name;   ///< its name in the parent's namespace; empty: it was never seen there
  Mac mac = 0;
  std::uint16_t vlan = 0;  ///< host order; 0: its lower device is the parent itself
  MacvlanMode mode = MacvlanMode::bridge;
  bool up = false;                          ///< IFF_UP
  bool running = false;                     ///< IFF_RUNNING: up and with carrier
  bool noarp = false;                       ///< IFF_NOARP
  int arp_ignore = 0;                       ///< the effective value: the larger of conf/all and conf/DEVICE
  int rp_filter = 0;                        ///< effective value
  std::vector<InterfaceAddress> addresses;  ///< sorted by comes_before()
  bool operator==(const Interface&) const = default;
};

/// The parent interface itself.
struct ParentLink {
  int ifindex = 0;
  ForeignText name;
  Mac mac = 0;
  std::vector<Mac> vlan_macs;  ///< MACs of the VLAN interfaces on it
  bool vlan_uppers = false;    ///< it has VLAN interfaces
  std::uint32_t mtu = 0;       ///< bytes
  bool running = false;        ///< up and with carrier
  /// The kernel's count of carrier changes to up. The kernel may not report a carrier loss of less than a
  /// second (net/core/link_watch.c), so that only this count shows it.
  std::uint32_t carrier_ups = 0;
  bool operator==(const ParentLink&) const = default;
};

/// The addresses that the host's kernel answers for on a parent's wire. With arp_ignore 0 on the receiving
/// interface the kernel answers for the addresses of all its interfaces: lo, a bridge, another NIC. With any
/// other arp_ignore it answers for those of the receiving interface only.
struct HostAddresses {
  std::set<Ipv4> all;
  std::map<std::uint16_t, std::set<Ipv4>> only;  ///< by VLAN, where arp_ignore is not 0

  bool has(const arpl_endpoint_key& key) const {
    const auto at = only.find(key.vlan);
    return (at == only.end() ? all : at->second).contains(key.address);
  }
  bool operator==(const HostAddresses&) const = default;
};

/// The parent and all its children at one moment.
struct Snapshot {
  ParentLink parent;
  std::vector<Interface> interfaces;
  HostAddresses host;
};

}  // namespace arpline
