// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/foreign_text.hpp"
#include "base/net.hpp"
#include "endpoints/host_addresses.hpp"

namespace arpline {

/// IFLA_MACVLAN_MODE, as the kernel numbers it (linux/if_link.h).
enum class MacvlanMode : std::uint32_t { priv = 1, vepa = 2, bridge = 4, passthru = 8, source = 16 };

/// A network namespace: the id that the parent's namespace has for it, and the name that a person knows it by.
struct Netns {
  int nsid = -1;
  std::uint64_t inode = 0;  ///< of its nsfs file; 0: not found yet
  ForeignText name;         ///< as netns_name() writes it
  bool own = false;         ///< the parent's
  bool operator==(const Netns&) const = default;
};

struct InterfaceAddress {
  Ipv4 address = 0;
  std::uint8_t prefix_bits = 0;
  bool operator==(const InterfaceAddress&) const = default;
};

/// By number, so that a network is one stretch.
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

/// A macvlan or macvtap interface, as the kernel told it.
struct Interface {
  Netns netns;
  int parent = 0;  ///< the parent's ifindex
  int ifindex = 0;
  ForeignText name;
  ForeignText first_name;  ///< the one that it was discovered with: what it is chosen by
  ForeignText host_name;   ///< the one that it had in the parent's namespace; empty: it was never seen there
  Mac mac = 0;
  std::uint16_t vlan = 0;  ///< host order; 0: directly on the parent
  MacvlanMode mode = MacvlanMode::bridge;
  bool up = false;                          ///< IFF_UP
  bool running = false;                     ///< IFF_RUNNING: up and with carrier
  bool noarp = false;                       ///< IFF_NOARP
  int arp_ignore = 0;                       ///< in force: the larger of conf/all and the device's
  int rp_filter = 0;                        ///< likewise
  std::vector<InterfaceAddress> addresses;  ///< as NetnsMonitor tells them: in the order of comes_before()
  bool operator==(const Interface&) const = default;
};

/// What is to be known of a parent itself.
struct ParentLink {
  int ifindex = 0;
  ForeignText name;
  Mac mac = 0;
  std::vector<Mac> vlan_macs;  ///< of the VLAN interfaces on it
  bool vlan_uppers = false;    ///< there are any
  std::uint32_t mtu = 0;       ///< bytes
  bool running = false;        ///< up and with carrier
  /// Ever: a carrier that is back within a second is never told to be gone (net/core/link_watch.c).
  std::uint32_t carrier_ups = 0;
  bool operator==(const ParentLink&) const = default;
};

/// The parent and all its children at one moment.
struct Snapshot {
  ParentLink parent;
  std::vector<Interface> interfaces;
  HostAddresses host;
};

}  // namespace arpline
