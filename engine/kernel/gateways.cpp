// SPDX-License-Identifier: Apache-2.0
#include "kernel/gateways.hpp"

#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>
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

std::vector<Ipv4> addresses_here(const ForeignText& interface) {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(first, freeifaddrs);
  std::vector<Ipv4> found;
  for (const auto* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET || interface != one->ifa_name) continue;
    sockaddr_in address{};
    std::memcpy(&address, one->ifa_addr, sizeof address);
    found.push_back(address.sin_addr.s_addr);
  }
  return found;
}

}  // namespace arpline
