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

/// Limit on the routes read from a namespace, where a container could have any number; most have a handful.
inline constexpr std::size_t kMostRoutesInside = 1024;

/// The routes of a namespace, kMostRoutesInside at most. The calling thread enters the namespace for it and
/// returns; no descriptor stays open. Empty when the namespace could not be entered. Throws SetupError when the
/// routes can't be read, and without CAP_SYS_ADMIN.
std::vector<Route> routes_inside(const Fd& netns);

/// The gateway of an address: from the default route through its interface, else from the route with the
/// shortest prefix; among equals from the one with the smallest metric. Only gateways in the address's own
/// subnet count. 0 when there is none. Pure.
Ipv4 gateway_of(std::span<const Route> routes, int ifindex, Ipv4 address, unsigned prefix_bits);

/// The IPv4 addresses of an interface in the calling thread's namespace; empty when it has none or they can't
/// be read.
std::vector<Ipv4> addresses_here(const ForeignText& interface);

}  // namespace arpline
