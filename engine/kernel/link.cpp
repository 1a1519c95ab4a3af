// SPDX-License-Identifier: Apache-2.0
#include "kernel/link.hpp"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/error.hpp"
#include "kernel/ethtool.hpp"

namespace arpline {
namespace {

constexpr std::string_view kDumpAgain = "something changes interfaces all the time";

// IFLA_INET_CONF is an array indexed by IPV4_DEVCONF_x - 1.
int device_setting(const nlattr& array, unsigned which) {
  const std::size_t offset = (which - 1) * sizeof(std::uint32_t);
  std::int32_t value = 0;
  if (mnl_attr_get_payload_len(&array) < offset + sizeof value) return 0;
  std::memcpy(&value, static_cast<const char*>(mnl_attr_get_payload(&array)) + offset, sizeof value);
  return value;
}

void parse_family(LinkRecord& link, const nlattr& family) {
  if (mnl_attr_get_type(&family) != AF_INET) return;
  for_each_nested(family, [&](const nlattr& attribute, int type) {
    if (type != IFLA_INET_CONF) return;
    link.arp_ignore = device_setting(attribute, IPV4_DEVCONF_ARP_IGNORE);
    link.rp_filter = device_setting(attribute, IPV4_DEVCONF_RP_FILTER);
    link.proxy_arp = device_setting(attribute, IPV4_DEVCONF_PROXY_ARP) != 0;
  });
}

void parse_vlan(LinkRecord& link, const nlattr& data) {
  for_each_nested(data, [&](const nlattr& attribute, int type) {
    if (type == IFLA_VLAN_ID) link.vlan_id = attribute_u16(attribute).value_or(0);
    if (type == IFLA_VLAN_PROTOCOL) link.vlan_protocol = ntohs(attribute_u16(attribute).value_or(0));
  });
}

void parse_macvlan(LinkRecord& link, const nlattr& data) {
  for_each_nested(data, [&](const nlattr& attribute, int type) {
    if (type == IFLA_MACVLAN_MODE) link.macvlan_mode = attribute_u32(attribute).value_or(0);
    if (type == IFLA_MACVLAN_BC_QUEUE_LEN_USED) link.broadcast_queue = attribute_u32(attribute).value_or(0);
  });
}

void parse_link_kind(LinkRecord& link, const nlattr& nest) {
  const nlattr* data = nullptr;
  for_each_nested(nest, [&](const nlattr& attribute, int type) {
    if (type == IFLA_INFO_KIND) link.kind = attribute_string(attribute);
    if (type == IFLA_INFO_DATA) data = &attribute;
  });
  if (data == nullptr) return;
  if (link.kind == "vlan") parse_vlan(link, *data);
  if (link.kind == "macvlan" || link.kind == "macvtap") parse_macvlan(link, *data);
}

XdpMode xdp_mode_of(std::uint8_t attached) {
  switch (attached) {
    case XDP_ATTACHED_NONE:
      return XdpMode::none;
    case XDP_ATTACHED_SKB:
      return XdpMode::generic;
    case XDP_ATTACHED_HW:
      return XdpMode::offload;
    default:  // with several programs there is no single IFLA_XDP_PROG_ID, and the native one counts
      return XdpMode::native;
  }
}

void parse_xdp(LinkRecord& link, const nlattr& nest) {
  std::uint32_t native_id = 0;
  for_each_nested(nest, [&](const nlattr& attribute, int type) {
    if (type == IFLA_XDP_ATTACHED) link.xdp_mode = xdp_mode_of(attribute_u8(attribute).value_or(0));
    if (type == IFLA_XDP_PROG_ID) link.xdp_prog_id = attribute_u32(attribute).value_or(0);
    if (type == IFLA_XDP_DRV_PROG_ID) native_id = attribute_u32(attribute).value_or(0);
  });
  if (link.xdp_prog_id == 0) link.xdp_prog_id = native_id;
}

void parse_link_attribute(LinkRecord& link, const nlattr& attribute, int type) {
  switch (type) {
    case IFLA_IFNAME:
      link.name = attribute_string(attribute);
      break;
    case IFLA_PROP_LIST:
      for_each_nested(attribute, [&](const nlattr& property, int property_type) {
        if (property_type == IFLA_ALT_IFNAME) link.other_names.emplace_back(attribute_string(property));
      });
      break;
    case IFLA_ADDRESS:
      if (mnl_attr_get_payload_len(&attribute) == ETH_ALEN)
        link.mac = mac_from_bytes(mnl_attr_get_payload(&attribute));
      break;
    case IFLA_CARRIER_UP_COUNT:
      link.carrier_ups = attribute_u32(attribute).value_or(0);
      break;
    case IFLA_MTU:
      link.mtu = attribute_u32(attribute).value_or(0);
      break;
    case IFLA_LINK:
      link.lower = static_cast<int>(attribute_u32(attribute).value_or(0));
      break;
    case IFLA_LINK_NETNSID:
      if (const auto id = attribute_u32(attribute)) link.lower_netns = static_cast<int>(*id);
      break;
    case IFLA_NEW_NETNSID:
      if (const auto id = attribute_u32(attribute)) link.new_netns = static_cast<int>(*id);
      break;
    case IFLA_NEW_IFINDEX:
      link.new_ifindex = static_cast<int>(attribute_u32(attribute).value_or(0));
      break;
    case IFLA_ALLMULTI:
      link.all_multicast = attribute_u32(attribute).value_or(link.all_multicast);
      break;
    case IFLA_LINKINFO:
      parse_link_kind(link, attribute);
      break;
    case IFLA_XDP:
      parse_xdp(link, attribute);
      break;
    case IFLA_AF_SPEC:
      for_each_nested(attribute, [&](const nlattr& family, int) { parse_family(link, family); });
      break;
    default:
      break;
  }
}

// EINVAL means that no namespace has the id any more. EINTR: a container that changes its links all the time
// hides only itself.
bool is_unreadable(int error, std::optional<int> nsid) {
  return nsid && (error == EINVAL || error == ENODEV || error == EINTR);
}

LinkInfo with_driver(LinkRecord&& record) {
  const DriverInfo driver = driver_info(record.name);
  return {.ifindex = record.ifindex,
          .name = std::move(record.name),
          .kind = std::move(record.kind),
          .driver = driver.name,
          .mac = record.mac,
          .mtu = record.mtu,
          .up = (record.flags & IFF_UP) != 0,
          .running = (record.flags & IFF_RUNNING) != 0,
          .loopback = (record.flags & IFF_LOOPBACK) != 0,
          .lower = record.lower,
          .lower_netns = record.lower_netns,
          .xdp_prog_id = record.xdp_prog_id,
          .xdp_mode = record.xdp_mode,
          .rx_queues = driver.rx_queues,
          .tx_queues = driver.tx_queues,
          .rx_vlan_offload = driver.rx_vlan_offload,
          .rx_stag_offload = driver.rx_stag_offload,
          .xdp_features = xdp_features_of(record.ifindex)};
}

std::optional<LinkInfo> ask_for_link(Netlink& route, NetlinkRequest& request) {
  request.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  std::optional<LinkRecord> record;
  const int error = route.try_request(request, [&](const nlmsghdr& message) { record = parse_link(message); });
  if (error == ENODEV || error == EINVAL || (error == 0 && !record)) return std::nullopt;
  if (error != 0) throw_errno("asking for an interface", error);
  return with_driver(std::move(*record));
}

}  // namespace

LinkRecord parse_link(const nlmsghdr& message) {
  const auto header = header_of<ifinfomsg>(message);
  LinkRecord link;
  link.ifindex = header.ifi_index;
  link.flags = header.ifi_flags;
  link.all_multicast = (header.ifi_flags & IFF_ALLMULTI) != 0 ? 1 : 0;
  for_each_attribute(message, sizeof(ifinfomsg),
                     [&](const nlattr& attribute, int type) { parse_link_attribute(link, attribute, type); });
  return link;
}

std::optional<std::vector<LinkRecord>> dump_links(Netlink& route, std::optional<int> nsid) {
  NetlinkRequest request{RTM_GETLINK};
  request.header<ifinfomsg>().ifi_family = AF_UNSPEC;
  request.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  if (nsid) request.put_u32(IFLA_TARGET_NETNSID, static_cast<std::uint32_t>(*nsid));
  std::vector<LinkRecord> links;
  const int error = route.try_dump(request, [&](const nlmsghdr& message) {
    if (message.nlmsg_type == RTM_NEWLINK) links.push_back(parse_link(message));
  });
  if (is_unreadable(error, nsid)) return std::nullopt;
  if (error != 0) throw_errno("listing interfaces", error, error == EINTR ? kDumpAgain : "");
  return links;
}

std::optional<std::vector<LinkRecord>> dump_macvlans(Netlink& route, std::optional<int> nsid) {
  std::vector<LinkRecord> links;
  for (const auto* kind : {"macvlan", "macvtap"}) {
    NetlinkRequest request{RTM_GETLINK};
    request.header<ifinfomsg>().ifi_family = AF_UNSPEC;
    request.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    if (nsid) request.put_u32(IFLA_TARGET_NETNSID, static_cast<std::uint32_t>(*nsid));
    request.put_nested_string(IFLA_LINKINFO, IFLA_INFO_KIND, kind);
    const auto take = [&](const nlmsghdr& message) {
      if (message.nlmsg_type == RTM_NEWLINK) links.push_back(parse_link(message));
    };
    const int error = route.try_dump(request, take, kMostLinks);
    if (is_unreadable(error, nsid)) return std::nullopt;
    if (error != 0) throw_errno("listing interfaces", error, error == EINTR ? kDumpAgain : "");
  }
  return links;
}

std::optional<LinkAddress> parse_address(const nlmsghdr& message) {
  const auto header = header_of<ifaddrmsg>(message);
  std::optional<LinkAddress> address;
  if (header.ifa_family != AF_INET) return address;
  for_each_attribute(message, sizeof(ifaddrmsg), [&](const nlattr& attribute, int type) {
    if (type != IFA_LOCAL) return;
    if (const auto value = attribute_u32(attribute))
      address = {.ifindex = static_cast<int>(header.ifa_index),
                 .address = *value,
                 .prefix_bits = header.ifa_prefixlen};
  });
  return address;
}

std::optional<LinkRecord> get_link(Netlink& route, std::optional<int> nsid, int ifindex) {
  NetlinkRequest request{RTM_GETLINK};
  request.header<ifinfomsg>().ifi_index = ifindex;
  request.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  if (nsid) request.put_u32(IFLA_TARGET_NETNSID, static_cast<std::uint32_t>(*nsid));
  std::optional<LinkRecord> link;
  const int error = route.try_request(request, [&](const nlmsghdr& message) { link = parse_link(message); });
  if (error == ENODEV || is_unreadable(error, nsid)) return std::nullopt;
  if (error != 0) throw_errno("asking for an interface", error);
  return link;
}

std::optional<std::vector<LinkAddress>> dump_addresses(Netlink& route, std::optional<int> nsid, int ifindex) {
  NetlinkRequest request{RTM_GETADDR};
  auto& header = request.header<ifaddrmsg>();
  header.ifa_family = AF_INET;
  header.ifa_index = static_cast<std::uint32_t>(ifindex);
  if (nsid) request.put_u32(IFA_TARGET_NETNSID, static_cast<std::uint32_t>(*nsid));
  std::vector<LinkAddress> addresses;
  const int error = route.try_dump(
      request,
      [&](const nlmsghdr& message) {
        if (message.nlmsg_type != RTM_NEWADDR) return;
        if (const auto address = parse_address(message)) addresses.push_back(*address);
      },
      kMostAddresses);
  if (is_unreadable(error, nsid) || (error == ENODEV && ifindex != 0)) return std::nullopt;
  if (error != 0) throw_errno("listing addresses", error, error == EINTR ? kDumpAgain : "");
  return addresses;
}

std::optional<LinkInfo> find_link(Netlink& route, const ForeignText& called) {
  const std::string_view name = called.raw();
  if (name.empty() || name.size() >= ALTIFNAMSIZ) return std::nullopt;
  NetlinkRequest request{RTM_GETLINK};
  request.header<ifinfomsg>().ifi_family = AF_UNSPEC;
  request.put_string(name.size() < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
  return ask_for_link(route, request);
}

std::optional<LinkInfo> find_link(Netlink& route, int ifindex) {
  if (ifindex <= 0) return std::nullopt;
  NetlinkRequest request{RTM_GETLINK};
  request.header<ifinfomsg>().ifi_index = ifindex;
  return ask_for_link(route, request);
}

std::optional<std::uint64_t> rx_dropped(Netlink& route, int ifindex) {
  NetlinkRequest request{RTM_GETLINK};
  request.header<ifinfomsg>().ifi_index = ifindex;
  std::optional<std::uint64_t> dropped;
  route.try_request(request, [&](const nlmsghdr& message) {
    for_each_attribute(message, sizeof(ifinfomsg), [&](const nlattr& attribute, int type) {
      rtnl_link_stats64 stats{};
      if (type != IFLA_STATS64 || mnl_attr_get_payload_len(&attribute) < offsetof(rtnl_link_stats64, multicast))
        return;
      std::memcpy(&stats, mnl_attr_get_payload(&attribute), offsetof(rtnl_link_stats64, multicast));
      dropped = stats.rx_dropped;
    });
  });
  return dropped;
}

}  // namespace arpline
