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

/// The interface's index in this thread's network namespace. Throws SetupError when it does not exist.
unsigned index_of(const std::string& interface);
/// The interface's MAC and first IPv4 address. Throws SetupError when it is no Ethernet interface.
Identity identity_of(const std::string& interface);
/// Throws SetupError when the interface is down or has no carrier.
void require_up(const std::string& interface);
/// Makes the interface promiscuous while the descriptor is open. Throws SetupError.
Fd be_promiscuous(const std::string& interface);
/// Throws SetupError when the interface has a default route, or shares its wire with an interface that has one
/// (see default_route_beside()), unless the user has given the option for this twice; `confirmations` is how
/// often.
void refuse_default_route(const std::string& interface, int confirmations);

/// The properties of a link that show which wire it is on (0: none), and whether it is up.
struct Link {
  unsigned index = 0;
  unsigned lower = 0;   ///< the device below it (macvlan, VLAN, …) in the same network namespace
  unsigned master = 0;  ///< the device that it is a port of (bridge, bond, …)
  unsigned flags = 0;   ///< IFF_* of <linux/if.h>
};

/// Reads an RTM_NEWLINK. The IFLA_LINK of a veth is its peer, so it does not count as `lower`.
Link link_of(const nlmsghdr& message);
/// The output links of an RTM_NEWROUTE when it is a default route of any table; empty otherwise. A link that
/// the message does not name (a nexthop object that the kernel did not expand) is 0.
std::vector<unsigned> default_route_links(const nlmsghdr& message);
/// The link with a default route that frames sent on `index` may reach: `index` itself or a link that `lower`
/// and `master` connect with it in any direction. A route with link 0 counts for every link.
std::optional<unsigned> default_route_beside(unsigned index, std::span<const Link> links,
                                             std::span<const unsigned> routes);

}  // namespace arpline::gen
