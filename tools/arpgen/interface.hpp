// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arpgen/traffic.hpp"
#include "base/fd.hpp"

struct nlmsghdr;

namespace arpline::gen {

/// The interface's index in this thread's network namespace. Throws SetupError when there is none of that name.
unsigned index_of(const std::string& interface);
/// Its MAC and its first IPv4 address. Throws SetupError when it is no Ethernet interface.
Identity identity_of(const std::string& interface);
/// Throws SetupError when it is down or has no carrier.
void require_up(const std::string& interface);
/// As long as the descriptor is open, the interface takes frames for every MAC. Throws SetupError.
Fd be_promiscuous(const std::string& interface);
/// Throws SetupError when the interface carries a default route, or shares its wire with one that does (see
/// default_route_beside), and `told` (how often the user said so) is below 2.
void refuse_default_route(const std::string& interface, int told);

/// What of a link says on whose wire it is (0: none), and whether it is up.
struct Link {
  unsigned index = 0;
  unsigned lower = 0;   ///< it stands on this one (macvlan, VLAN, …), in the same network namespace
  unsigned master = 0;  ///< it is a port of this one (bridge, bond, …)
  unsigned flags = 0;   ///< IFF_UP and the like, those of <linux/if.h>, too
};

/// Reads an RTM_NEWLINK. Two ends of a veth do not stand on each other.
Link link_of(const nlmsghdr& message);
/// The links that the route of an RTM_NEWROUTE leads to when it is a default route, of whatever table; else
/// none. A link that the kernel does not tell (a nexthop object it did not expand) is 0.
std::vector<unsigned> default_route_links(const nlmsghdr& message);
/// The link with a default route that frames sent on `index` may reach: `index` itself, or one that is
/// connected with it by `lower` and `master`, in any direction. A route whose link is 0 may be anybody's.
std::optional<unsigned> default_route_beside(unsigned index, std::span<const Link> links,
                                             std::span<const unsigned> routes);

}  // namespace arpline::gen
