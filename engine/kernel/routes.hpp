// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/net.hpp"
#include "kernel/netlink.hpp"

namespace arpline {

/// A unicast IPv4 route of the main table.
struct Route {
  Ipv4 destination = 0;
  std::uint8_t prefix_bits = 0;
  int ifindex = 0;           ///< 0: a multipath route
  Ipv4 gateway = 0;          ///< 0: the destination is on the link
  std::uint32_t metric = 0;  ///< among equal destinations the smallest metric wins
};

/// The routes of the socket's namespace, in the kernel's order. Reads about `most` routes at most, however long
/// the table is. Throws SetupError.
std::vector<Route> dump_routes(Netlink& route, std::size_t most);

/// An entry of the IPv4 neighbour table.
struct Neighbour {
  Ipv4 address = 0;
  int ifindex = 0;
  Mac mac = 0;              ///< 0: unknown
  std::uint16_t state = 0;  ///< NUD_* of linux/neighbour.h
  bool exempt = false;      ///< permanent or externally learned: does not count against the table's limit
};

/// The neighbour entries of the socket's namespace, without those that need no resolution (NUD_NOARP). Throws
/// SetupError.
std::vector<Neighbour> dump_neighbours(Netlink& route);

}  // namespace arpline
