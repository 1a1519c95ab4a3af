// SPDX-License-Identifier: Apache-2.0
#include "arpgen/interface.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

// Has to follow <net/if.h>: in this order the two headers don't define the same names twice.
#include <linux/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <set>
#include <string_view>

#include "base/command.hpp"
#include "base/error.hpp"

namespace arpline::gen {
namespace {

constexpr std::size_t kDumpBytes = 65536;

// Returns 0 or an errno.
int ask(const std::string& interface, unsigned long request, ifreq& answer) {
  const Fd socket_fd{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket_fd) throw_errno("socket", errno);
  if (interface.empty() || interface.size() >= IFNAMSIZ) return ENODEV;
  interface.copy(answer.ifr_name, IFNAMSIZ - 1);
  return ioctl(socket_fd.get(), request, &answer) == 0 ? 0 : errno;
}

ifreq must_ask(const std::string& interface, unsigned long request, std::string_view operation) {
  ifreq answer{};
  if (const int error = ask(interface, request, answer); error != 0)
    throw_errno(fmt::format("{}: {}", visible(interface), operation), error, "`ip link` lists the interfaces");
  return answer;
}

template <class F>
void for_each(const nlattr* attribute, const char* end, F&& f) {
  for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute))
    f(*attribute, mnl_attr_get_type(attribute));
}

template <class F>
void for_each_attribute(const nlmsghdr& message, std::size_t header_bytes, F&& f) {
  for_each(static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(&message, header_bytes)),
           static_cast<const char*>(mnl_nlmsg_get_payload_tail(&message)), f);
}

unsigned u32_of(const nlattr& attribute) {
  return mnl_attr_validate(&attribute, MNL_TYPE_U32) == 0 ? mnl_attr_get_u32(&attribute) : 0;
}

bool is_veth(const nlattr& link_info) {
  bool veth = false;
  const auto* inside = static_cast<const nlattr*>(mnl_attr_get_payload(&link_info));
  for_each(inside, reinterpret_cast<const char*>(inside) + mnl_attr_get_payload_len(&link_info),
           [&](const nlattr& attribute, int type) {
             if (type == IFLA_INFO_KIND && mnl_attr_validate(&attribute, MNL_TYPE_NUL_STRING) == 0)
               veth = std::string_view{mnl_attr_get_str(&attribute)} == "veth";
           });
  return veth;
}

void add_nexthops(const nlattr& multipath, std::vector<unsigned>& links) {
  const auto* hop = static_cast<const rtnexthop*>(mnl_attr_get_payload(&multipath));
  for (int left = mnl_attr_get_payload_len(&multipath); RTNH_OK(hop, left);) {
    links.push_back(static_cast<unsigned>(hop->rtnh_ifindex));
    left -= static_cast<int>(RTNH_ALIGN(hop->rtnh_len));
    hop = RTNH_NEXT(hop);
  }
}

// ifinfomsg and rtmsg both begin with the family, and zeros after it mean "all".
template <class Header>
void dump(std::uint16_t type, unsigned char family, const std::function<void(const nlmsghdr&)>& handler) {
  const std::unique_ptr<mnl_socket, int (*)(mnl_socket*)> socket{mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC),
                                                                 mnl_socket_close};
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
    throw_errno("rtnetlink socket", errno);
  alignas(nlmsghdr) std::array<char, NLMSG_SPACE(sizeof(Header))> request{};
  nlmsghdr* message = mnl_nlmsg_put_header(request.data());
  message->nlmsg_type = type;
  message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  *static_cast<unsigned char*>(mnl_nlmsg_put_extra_header(message, sizeof(Header))) = family;
  if (mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0) throw_errno("ask rtnetlink", errno);

  const auto deliver = [](const nlmsghdr* one, void* to) {
    (*static_cast<const std::function<void(const nlmsghdr&)>*>(to))(*one);
    return MNL_CB_OK;
  };
  std::vector<char> buffer(kDumpBytes);
  for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
    const auto bytes = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
    if (bytes < 0) throw_errno("read from rtnetlink", errno);
    more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(bytes), 0, mnl_socket_get_portid(socket.get()),
                      deliver, const_cast<void*>(static_cast<const void*>(&handler)));
    if (more < 0) throw_errno("read a dump from rtnetlink", errno, "try again");
  }
}

std::string name_of(unsigned index) {
  std::array<char, IF_NAMESIZE> name{};
  if (if_indextoname(index, name.data()) == nullptr) return fmt::format("interface {}", index);
  return visible(name.data());
}

}  // namespace

unsigned index_of(const std::string& interface) {
  return static_cast<unsigned>(must_ask(interface, SIOCGIFINDEX, "find the interface").ifr_ifindex);
}

Identity identity_of(const std::string& interface) {
  const ifreq hardware = must_ask(interface, SIOCGIFHWADDR, "read its MAC");
  if (hardware.ifr_hwaddr.sa_family != ARPHRD_ETHER)
    throw SetupError(visible(interface) + ": is not an Ethernet interface; ARP needs one");
  Identity identity{.mac = mac_from_bytes(hardware.ifr_hwaddr.sa_data)};
  ifreq answer{};
  const int error = ask(interface, SIOCGIFADDR, answer);
  if (error != 0 && error != EADDRNOTAVAIL) throw_errno(visible(interface) + ": read its IPv4 address", error);
  if (error == 0)
    identity.address = ntohl(reinterpret_cast<const sockaddr_in&>(answer.ifr_addr).sin_addr.s_addr);
  return identity;
}

// Reads the carrier, not IFF_RUNNING, which follows it up to a second later.
void require_up(const std::string& interface) {
  const unsigned index = index_of(interface);
  unsigned flags = 0;
  dump<ifinfomsg>(RTM_GETLINK, AF_UNSPEC, [&](const nlmsghdr& message) {
    if (const Link link = link_of(message); link.index == index) flags = link.flags;
  });
  if ((flags & IFF_UP) == 0)
    throw SetupError(
        fmt::format("{}: is down; {}", visible(interface), Command("ip link set dev {} up", interface).text()));
  if ((flags & IFF_LOWER_UP) == 0)
    throw SetupError(visible(interface) +
                     ": has no carrier; look at its cable, or whether its other end is up");
}

Link link_of(const nlmsghdr& message) {
  const auto& fields = *static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message));
  Link link{.index = static_cast<unsigned>(fields.ifi_index), .flags = fields.ifi_flags};
  bool elsewhere = false;
  for_each_attribute(message, sizeof(ifinfomsg), [&](const nlattr& attribute, int type) {
    if (type == IFLA_LINK) link.lower = u32_of(attribute);
    if (type == IFLA_MASTER) link.master = u32_of(attribute);
    if (type == IFLA_LINK_NETNSID || (type == IFLA_LINKINFO && is_veth(attribute))) elsewhere = true;
  });
  if (elsewhere) link.lower = 0;
  return link;
}

std::vector<unsigned> default_route_links(const nlmsghdr& message) {
  const auto& route = *static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
  if (route.rtm_dst_len != 0 || route.rtm_type != RTN_UNICAST) return {};
  std::vector<unsigned> links;
  for_each_attribute(message, sizeof(rtmsg), [&](const nlattr& attribute, int type) {
    if (type == RTA_OIF) links.push_back(u32_of(attribute));
    if (type == RTA_MULTIPATH) add_nexthops(attribute, links);
  });
  if (links.empty()) links.push_back(0);
  return links;
}

std::optional<unsigned> default_route_beside(unsigned index, std::span<const Link> links,
                                             std::span<const unsigned> routes) {
  std::set<unsigned> reached;
  std::vector<unsigned> waiting{index};
  while (!waiting.empty()) {
    const unsigned at = waiting.back();
    waiting.pop_back();
    if (at == 0 || !reached.insert(at).second) continue;
    if (std::ranges::find(routes, at) != routes.end()) return at;
    for (const Link& link : links) {
      if (link.index == at) waiting.insert(waiting.end(), {link.lower, link.master});
      if (link.lower == at || link.master == at) waiting.push_back(link.index);
    }
  }
  return std::ranges::find(routes, 0U) == routes.end() ? std::nullopt : std::optional{index};
}

Fd be_promiscuous(const std::string& interface) {
  Fd holder{socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)};
  packet_mreq request{};
  request.mr_ifindex = static_cast<int>(index_of(interface));
  request.mr_type = PACKET_MR_PROMISC;
  if (!holder || setsockopt(holder.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request) != 0)
    throw_errno(visible(interface) + ": take frames for every MAC", errno, "run as root");
  return holder;
}

void refuse_default_route(const std::string& interface, int confirmations) {
  if (confirmations >= 2) return;
  const unsigned index = index_of(interface);
  std::vector<Link> links;
  std::vector<unsigned> routes;
  dump<ifinfomsg>(RTM_GETLINK, AF_UNSPEC, [&](const nlmsghdr& message) { links.push_back(link_of(message)); });
  for (const unsigned char family : {AF_INET, AF_INET6})
    dump<rtmsg>(RTM_GETROUTE, family, [&](const nlmsghdr& message) {
      for (const unsigned link : default_route_links(message)) routes.push_back(link);
    });
  const auto found = default_route_beside(index, links, routes);
  if (!found) return;
  const std::string why =
      *found == index ? "carries a default route"
                      : fmt::format("is on one wire with {}, which carries a default route", name_of(*found));
  throw SetupError(
      fmt::format("{}: {}; a flood there may take down a network that is in use. Choose another "
                  "interface, or give --on-default-route twice",
                  visible(interface), why));
}

}  // namespace arpline::gen
