// SPDX-License-Identifier: Apache-2.0
#include "kernel/gateways.hpp"

#include <linux/rtnetlink.h>

#include <utility>

#include "kernel/netns.hpp"

namespace arpline {

std::vector<Route> routes_inside(const Fd& netns) {
  std::vector<Route> routes;
  run_inside(netns.get(), [&routes] {
    Netlink inside{NETLINK_ROUTE};
    routes = dump_routes(inside, kMostRoutesInside);
  });
  return routes;
}

Ipv4 gateway_of(std::span<const Route> routes, int ifindex, Ipv4 address, unsigned prefix_bits) {
  const Route* best = nullptr;
  for (const auto& route : routes) {
    if (route.ifindex != ifindex || route.gateway == 0 || route.gateway == address) continue;
    if (!covers(address, prefix_bits, route.gateway)) continue;
    const auto rank = [](const Route& r) { return std::pair{r.prefix_bits, r.metric}; };
    if (best == nullptr || rank(route) < rank(*best)) best = &route;
  }
  return best == nullptr ? 0 : best->gateway;
}

}  // namespace arpline
