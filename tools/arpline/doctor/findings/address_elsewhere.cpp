// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"
#include "shared/packet.h"

namespace arpline::doctor {
namespace {

// Loopback addresses exist in every namespace and are never endpoints.
bool is_local_only(Ipv4 address) {
  constexpr std::uint32_t kLoopback = 0x7f000000;
  constexpr std::uint32_t kLinkLocal = 0xa9fe0000;
  return covers(arpl_swap32(kLoopback), 8, address) || covers(arpl_swap32(kLinkLocal), 16, address);
}

// The prefix length of the subnet, on the parent or its VLAN interface, that contains the address; 0: none.
unsigned subnet_bits(const Facts& facts, const Child& child, Ipv4 address) {
  const auto* below = find_device(facts.host(), child.lower);
  if (below == nullptr) return 0;
  for (const auto& own : below->addresses)
    if (own.prefix_bits > 0 && own.prefix_bits < 32 && covers(own, address)) return own.prefix_bits;
  return 0;
}

// A reason why the address should be on the child; empty when there is none.
std::string belongs(const Facts& facts, const Child& child, const Device& other, Ipv4 address) {
  for (const auto& gone : child.parent->gone)
    if (gone.address == address && gone.netns == child.netns->name && gone.interface == child.device->name)
      return fmt::format("it was on {} until {} ago", visible(child.device->name), duration(gone.seconds_ago));
  for (const auto& endpoint : child.parent->endpoints)
    if (endpoint.address == address && endpoint.mac == child.device->mac)
      return fmt::format("arpline's maps have it on {}", visible(child.device->name));
  if (subnet_bits(facts, child, address) != 0)
    return fmt::format("it is in the subnet of {}", visible(child.parent->link.name));
  return other.loopback ? "an address of the loopback interface is announced nowhere" : "";
}

void is_on_other(const Facts& facts, const Child& child, const Device& other, const InterfaceAddress& address,
                 Findings& out) {
  const auto why = belongs(facts, child, other, address.address);
  if (why.empty()) return;
  const unsigned subnet = subnet_bits(facts, child, address.address);
  const unsigned bits = address.prefix_bits == 32 && subnet != 0 ? subnet : address.prefix_bits;
  const auto& name = child.device->name;
  out.push_back(
      {.id = "address_elsewhere",
       .severity = Severity::critical,
       .certainty = Certainty::likely,
       .subject = fmt::format("{} ({})", place(child), format_ipv4(address.address)),
       .evidence = fmt::format("{} has no address; {} is on {} of the same namespace, and {}", visible(name),
                               text(address), visible(other.name), why),
       .command = Command{"{0}ip addr del {1} dev {2} && {0}ip addr add {3}/{4} dev {5}", child.netns->enter,
                          text(address), other.name, format_ipv4(address.address), bits, name},
       .about = {.parent = child.parent->link.ifindex,
                 .devices = {child.device, &other},
                 .addresses = {address.address}}});
}

bool same_wire(const Device& one, const Device& other) {
  return one.macvlan() && other.macvlan() && one.lower_in_host && other.lower_in_host &&
         one.lower == other.lower;
}

void without_address(const Facts& facts, const Child& child, Findings& out) {
  for (const auto& other : child.netns->devices) {
    if (&other == child.device || same_wire(*child.device, other)) continue;
    for (const auto& address : other.addresses)
      if (!is_local_only(address.address)) is_on_other(facts, child, other, address, out);
  }
}

// The route that the kernel takes for replies into the address's own subnet.
const Route* return_route(const Child& child, const InterfaceAddress& address) {
  const Route* best = nullptr;
  for (const auto& route : child.netns->routes) {
    if (route.prefix_bits > address.prefix_bits ||
        !covers(route.destination, route.prefix_bits, address.address))
      continue;
    const bool better = best == nullptr || route.prefix_bits > best->prefix_bits ||
                        (route.prefix_bits == best->prefix_bits && route.metric < best->metric);
    if (better) best = &route;
  }
  return best;
}

void routed_elsewhere(const Child& child, const InterfaceAddress& address, Findings& out) {
  const auto* route = return_route(child, address);
  const auto* other = route == nullptr ? nullptr : find_device(*child.netns, route->ifindex);
  // A default route does not say on which interface the subnet is.
  if (other == nullptr || other == child.device || route->prefix_bits == 0 || same_wire(*child.device, *other))
    return;
  const auto subnet = fmt::format("{}/{}", format_ipv4(route->destination), route->prefix_bits);
  out.push_back({.id = "address_elsewhere",
                 .severity = Severity::warning,
                 .certainty = Certainty::likely,
                 .subject = fmt::format("{} ({})", place(child), format_ipv4(address.address)),
                 .evidence = fmt::format(
                     "{} is on {}, but the route to {} goes through {} (metric {}): answers "
                     "leave on the wrong interface",
                     text(address), visible(child.device->name), subnet, visible(other->name), route->metric),
                 .command = Command{"{}ip route del {} dev {} metric {}", child.netns->enter, subnet,
                                    other->name, route->metric},
                 .about = {.parent = child.parent->link.ifindex, .devices = {child.device, other}}});
}

}  // namespace

void address_elsewhere(const Facts& facts, Findings& out) {
  for (const auto& child : containers_of(facts)) {
    if (!child.device->up || child.device->kind != "macvlan") continue;
    if (child.device->addresses.empty()) without_address(facts, child, out);
    for (const auto& address : child.device->addresses)
      if (address.prefix_bits > 0 && address.prefix_bits < 32) routed_elsewhere(child, address, out);
  }
}

}  // namespace arpline::doctor
