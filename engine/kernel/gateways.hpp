// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/foreign_text.hpp"
#include "kernel/routes.hpp"

namespace arpline {

/// So many routes of a namespace are looked at: containers have a handful.
inline constexpr std::size_t kMostRoutesInside = 1024;

/// The routes of a namespace, read inside it: the calling thread goes there and comes back, and nothing stays
/// open. No more than kMostRoutesInside; empty when it could not be entered. Throws SetupError when they can't
/// be read, and without CAP_SYS_ADMIN.
std::vector<Route> routes_inside(const Fd& netns);

/// The gateway that an address asks the way to: of the default route through its interface, else of the widest
/// one; among equals of the one with the smallest metric. Only one that lies in the address's own subnet
/// counts. 0: there is none. Pure.
Ipv4 gateway_of(std::span<const Route> routes, int ifindex, Ipv4 address, unsigned prefix_bits);

/// The IPv4 addresses of an interface in the calling thread's namespace; empty: it has none, or they can't be
/// read.
std::vector<Ipv4> addresses_here(const ForeignText& interface);

}  // namespace arpline
