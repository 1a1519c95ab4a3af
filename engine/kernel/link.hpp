// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/foreign_text.hpp"
#include "base/net.hpp"
#include "kernel/netlink.hpp"

namespace arpline {

enum class XdpMode { none, native, generic, offload };

/// A link, from one RTM_NEWLINK message.
struct LinkRecord {
  int ifindex = 0;
  unsigned flags = 0;  ///< IFF_*
  ForeignText name;
  std::vector<ForeignText> other_names;
  std::string kind;  ///< IFLA_INFO_KIND; empty for hardware and lo
  Mac mac = 0;
  std::uint32_t mtu = 0;
  std::uint32_t carrier_ups = 0;  ///< IFLA_CARRIER_UP_COUNT
  int lower = 0;                  ///< IFLA_LINK: the ifindex of the interface below; 0: none
  /// IFLA_LINK_NETNSID: the id of that interface's namespace; none: the link's own
  std::optional<int> lower_netns;
  std::uint32_t xdp_prog_id = 0;
  XdpMode xdp_mode = XdpMode::none;
  std::uint32_t macvlan_mode = 0;   ///< IFLA_MACVLAN_MODE of a macvlan or macvtap
  std::uint16_t vlan_id = 0;        ///< IFLA_VLAN_ID of a VLAN interface; 0: not a VLAN interface
  std::uint16_t vlan_protocol = 0;  ///< IFLA_VLAN_PROTOCOL in host byte order: ETH_P_8021Q or ETH_P_8021AD
  int arp_ignore = 0;               ///< the device's own value; conf/all is not included
  int rp_filter = 0;                ///< the device's own value
  std::optional<int> new_netns;     ///< IFLA_NEW_NETNSID of an RTM_DELLINK: the namespace that it moved to
  int new_ifindex = 0;              ///< IFLA_NEW_IFINDEX: its ifindex there
  bool proxy_arp = false;           ///< the device's own value
  /// IFLA_MACVLAN_BC_QUEUE_LEN_USED of a macvlan or macvtap: frames, the highest value that any of its siblings
  /// has requested
  std::uint32_t broadcast_queue = 0;
  /// The number of requests to receive all groups, by the interface itself and by the interfaces on it
  /// (IFLA_ALLMULTI, kernel 6.0). Older kernels: 1 when the interface itself has IFF_ALLMULTI.
  std::uint32_t all_multicast = 0;
};

/// In an answer, lower_netns is an id of the requesting namespace; in an event, of the link's own namespace.
LinkRecord parse_link(const nlmsghdr& message);

/// All links of the socket's namespace, or of the namespace that it knows as `nsid`. When links change faster
/// than they can be read: SetupError for the socket's own namespace, nullopt for another one. nullopt also when
/// the other namespace is gone.
std::optional<std::vector<LinkRecord>> dump_links(Netlink& route, std::optional<int> nsid = std::nullopt);

/// The macvlan and macvtap interfaces of a namespace, and perhaps others; errors as for dump_links(). A
/// container may have any number of interfaces, so only the first kMostLinks are read.
std::optional<std::vector<LinkRecord>> dump_macvlans(Netlink& route, std::optional<int> nsid = std::nullopt);
inline constexpr std::size_t kMostLinks = 8192;

/// One link; nullopt when it or its namespace is gone. Other errors as for dump_links().
std::optional<LinkRecord> get_link(Netlink& route, std::optional<int> nsid, int ifindex);

struct LinkAddress {
  int ifindex = 0;
  Ipv4 address = 0;  ///< IFA_LOCAL
  std::uint8_t prefix_bits = 0;
};

/// Parses an RTM_NEWADDR or RTM_DELADDR message; nullopt for another family or without an address.
std::optional<LinkAddress> parse_address(const nlmsghdr& message);

/// All IPv4 addresses, or those of one link (ifindex not 0), the first kMostAddresses of them. Errors as for
/// dump_links().
inline constexpr std::size_t kMostAddresses = 65536;
std::optional<std::vector<LinkAddress>> dump_addresses(Netlink& route, std::optional<int> nsid = std::nullopt,
                                                       int ifindex = 0);

/// NETDEV_A_DEV_XDP_FEATURES of the kernel's netdev family (Documentation/netlink/specs/netdev.yaml).
namespace xdp_feature {
inline constexpr std::uint64_t basic = 1;
inline constexpr std::uint64_t redirect = 2;
inline constexpr std::uint64_t ndo_xmit = 4;
inline constexpr std::uint64_t zero_copy = 8;
inline constexpr std::uint64_t hw_offload = 16;
inline constexpr std::uint64_t rx_sg = 32;
inline constexpr std::uint64_t ndo_xmit_sg = 64;
}  // namespace xdp_feature

/// An interface of the calling thread's namespace, with its driver's properties.
struct LinkInfo {
  int ifindex = 0;
  ForeignText name;
  std::string kind;    ///< IFLA_INFO_KIND, empty for hardware and lo
  std::string driver;  ///< as ethtool -i; empty when the driver does not say
  Mac mac = 0;
  std::uint32_t mtu = 0;
  bool up = false;       ///< IFF_UP
  bool running = false;  ///< IFF_RUNNING: up and with carrier
  bool loopback = false;
  int lower = 0;                   ///< the ifindex of the interface below; 0: none
  std::optional<int> lower_netns;  ///< the id of that interface's namespace; none: this one
  std::uint32_t xdp_prog_id = 0;
  XdpMode xdp_mode = XdpMode::none;
  unsigned rx_queues = 1;  ///< in use now, as ethtool -l: rx + combined
  unsigned tx_queues = 1;
  std::optional<bool> rx_vlan_offload;        ///< none: the driver does not say
  std::optional<bool> rx_stag_offload;        ///< rx-vlan-stag-hw-parse; none: the driver does not say
  std::optional<std::uint64_t> xdp_features;  ///< xdp_feature bits; none: a kernel before 6.3
};

/// Finds an interface; nullopt when there is none. The socket must belong to the calling thread's namespace.
/// Throws SetupError.
std::optional<LinkInfo> find_link(Netlink& route, const ForeignText& name);
std::optional<LinkInfo> find_link(Netlink& route, int ifindex);

/// Frames that the kernel has received from the interface and dropped (IFLA_STATS64's rx_dropped); nullopt when
/// there is no such interface. Throws SetupError only when the socket itself fails.
std::optional<std::uint64_t> rx_dropped(Netlink& route, int ifindex);

}  // namespace arpline
