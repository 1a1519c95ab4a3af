// SPDX-License-Identifier: Apache-2.0
#include "kernel/routes.hpp"

#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <optional>
#include <string_view>

#include "base/error.hpp"

namespace arpline {
namespace {

constexpr std::string_view kDumpAgain = "something changes them all the time";

std::optional<Route> parse_route(const nlmsghdr& message) {
  const auto header = header_of<rtmsg>(message);
  if (header.rtm_type != RTN_UNICAST) return std::nullopt;
  Route route{.prefix_bits = header.rtm_dst_len};
  std::uint32_t table = header.rtm_table;
  for_each_attribute(message, sizeof(rtmsg), [&](const nlattr& attribute, int type) {
    const auto value = attribute_u32(attribute).value_or(0);
    if (type == RTA_TABLE) table = value;
    if (type == RTA_DST) route.destination = value;
    if (type == RTA_OIF) route.ifindex = static_cast<int>(value);
    if (type == RTA_GATEWAY) route.gateway = value;
    if (type == RTA_PRIORITY) route.metric = value;
  });
  if (table != RT_TABLE_MAIN) return std::nullopt;
  return route;
}

Neighbour parse_neighbour(const nlmsghdr& message) {
  const auto header = header_of<ndmsg>(message);
  Neighbour neighbour{.ifindex = header.ndm_ifindex, .state = header.ndm_state};
  neighbour.exempt = (header.ndm_state & NUD_PERMANENT) != 0 || (header.ndm_flags & NTF_EXT_LEARNED) != 0;
  for_each_attribute(message, sizeof(ndmsg), [&](const nlattr& attribute, int type) {
    if (type == NDA_DST) neighbour.address = attribute_u32(attribute).value_or(0);
    if (type == NDA_LLADDR && mnl_attr_get_payload_len(&attribute) == ETH_ALEN)
      neighbour.mac = mac_from_bytes(mnl_attr_get_payload(&attribute));
  });
  return neighbour;
}

}  // namespace

std::vector<Route> dump_routes(Netlink& route, std::size_t most) {
  NetlinkRequest request{RTM_GETROUTE};
  request.header<rtmsg>().rtm_family = AF_INET;
  request.put_u32(RTA_TABLE, RT_TABLE_MAIN);  // other tables may be long and come first in a dump
  std::vector<Route> routes;
  const int error = route.try_dump(
      request,
      [&](const nlmsghdr& message) {
        if (message.nlmsg_type != RTM_NEWROUTE || routes.size() >= most) return;
        if (const auto found = parse_route(message)) routes.push_back(*found);
      },
      most);
  if (error == ENOENT) return {};  // the table does not exist before its first route
  if (error != 0) throw_errno("listing routes", error, error == EINTR ? kDumpAgain : "");
  return routes;
}

std::vector<Neighbour> dump_neighbours(Netlink& route) {
  NetlinkRequest request{RTM_GETNEIGH};
  request.header<ndmsg>().ndm_family = AF_INET;
  std::vector<Neighbour> neighbours;
  const int error = route.try_dump(request, [&](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWNEIGH) return;
    const auto neighbour = parse_neighbour(message);
    if ((neighbour.state & NUD_NOARP) == 0) neighbours.push_back(neighbour);
  });
  if (error != 0) throw_errno("listing neighbours", error, error == EINTR ? kDumpAgain : "");
  return neighbours;
}

}  // namespace arpline
