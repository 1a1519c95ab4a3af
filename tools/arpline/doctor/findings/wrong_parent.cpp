// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <linux/neighbour.h>

#include <algorithm>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

// The ifindex of the wire: a macvlan of the host shares the wire of its lower device.
int wire_of(const Device& device) {
  return device.macvlan() && device.lower_in_host ? device.lower : device.ifindex;
}

bool has_subnet(const Device& device, Ipv4 address) {
  return std::ranges::any_of(device.addresses, [&](const InterfaceAddress& own) {
    return own.prefix_bits > 0 && own.prefix_bits < 32 && covers(own, address);
  });
}

// The host's reason to expect the address, or its gateway, on that interface; empty: none.
std::string why_there(const NetnsFacts& host, const Device& device, Ipv4 address, Ipv4 gateway) {
  if (has_subnet(device, address)) return "its subnet is that of an address of " + visible(device.name);
  for (const auto& route : host.routes)
    if (route.ifindex == device.ifindex && route.gateway == 0 && route.prefix_bits > 0 &&
        covers(route.destination, route.prefix_bits, address))
      return fmt::format("the host routes {}/{} to {}", format_ipv4(route.destination), route.prefix_bits,
                         visible(device.name));
  for (const auto& neighbour : host.neighbours)
    if (gateway != 0 && neighbour.address == gateway && neighbour.ifindex == device.ifindex &&
        resolved(neighbour))
      return fmt::format("its gateway {} is a neighbour of the host on {}", format_ipv4(gateway),
                         visible(device.name));
  return {};
}

Ipv4 gateway_of(const Child& child) {
  for (const auto& route : child.netns->routes)
    if (route.ifindex == child.device->ifindex && route.gateway != 0) return route.gateway;
  return 0;
}

// The parent's own interface and siblings answer without the wire.
bool is_on_parent(const Facts& facts, const Child& child, Mac mac) {
  if (mac == child.parent->link.mac) return true;
  const auto children = children_of(facts);
  return std::ranges::any_of(
      children, [&](const Child& other) { return other.lower == child.lower && other.device->mac == mac; });
}

// The child has a neighbour entry from the parent's wire, so the wire is right whatever the host's routes say.
bool reached(const Facts& facts, const Child& child, const InterfaceAddress& address) {
  for (const auto& neighbour : child.netns->neighbours)
    if (neighbour.ifindex == child.device->ifindex && resolved(neighbour) && !neighbour.exempt &&
        !is_on_parent(facts, child, neighbour.mac))
      return true;
  const auto* endpoint = known(child, address.address);
  return endpoint != nullptr && endpoint->last_requester.value_or(0) != 0 &&
         covers(address, *endpoint->last_requester) &&
         !is_on_parent(facts, child, endpoint->last_requester_mac.value_or(0));
}

std::size_t unresolved(const Child& child) {
  return static_cast<std::size_t>(
      std::ranges::count_if(child.netns->neighbours, [&](const Neighbour& neighbour) {
        return neighbour.ifindex == child.device->ifindex &&
               (neighbour.state & (NUD_FAILED | NUD_INCOMPLETE)) != 0;
      }));
}

// If so, the address is only on the wrong one of the container's interfaces.
bool has_child_on(const Child& child, int wire) {
  return std::ranges::any_of(child.netns->devices, [&](const Device& device) {
    return device.macvlan() && device.lower_in_host && device.lower == wire;
  });
}

const Device* on_other_nic(const Facts& facts, const Child& child, const InterfaceAddress& address,
                           std::string& why) {
  const auto& host = facts.host();
  const Ipv4 gateway = gateway_of(child);
  const Device* other = nullptr;
  for (const auto& device : host.devices) {
    if (device.loopback || !device.up || !device.running) continue;
    auto reason = why_there(host, device, address.address, gateway);
    if (reason.empty()) continue;
    if (wire_of(device) == child.lower) return nullptr;
    if (other == nullptr && !has_child_on(child, wire_of(device))) {
      other = find_device(host, wire_of(device));
      why = std::move(reason);
    }
  }
  return other;
}

Command move_to(const Child& child, const Device& nic, const InterfaceAddress& address) {
  const auto& device = *child.device;
  const Ipv4 gateway = gateway_of(child);
  Command command{
      "{0}ip link del dev {1} && ip link add link {2} name {1} address {3} netns {4} type macvlan mode bridge "
      "&& "
      "{0}ip addr add {5} dev {1} && {0}ip link set dev {1} up",
      child.netns->enter,
      device.name,
      nic.name,
      format_mac(device.mac),
      child.netns->target,
      text(address)};
  if (gateway == 0) return command;
  return then(command, Command{"{}ip route add default via {}", child.netns->enter, format_ipv4(gateway)});
}

void look_at(const Facts& facts, const Child& child, const InterfaceAddress& address, Findings& out) {
  std::string why;
  const auto* nic = on_other_nic(facts, child, address, why);
  if (nic == nullptr || reached(facts, child, address)) return;
  const auto waiting = unresolved(child);
  // A NIC that serves containers only and has no address of the host looks the same, so this is reported only
  // when the user asks for this child.
  if (waiting == 0 && facts.asked.empty()) return;
  out.push_back(
      {.id = "wrong_parent",
       .severity = waiting > 0 ? Severity::critical : Severity::note,
       .certainty = waiting > 0 ? Certainty::likely : Certainty::possible,
       .subject = fmt::format("{} ({})", place(child), format_ipv4(address.address)),
       .evidence = fmt::format("{} stands on {}, but {}, and nothing of it is on {}; {}", text(address),
                               visible(child.parent->link.name), why, visible(child.parent->link.name),
                               waiting > 0 ? fmt::format("{} of its neighbours did not answer", waiting)
                                           : "it has not tried to reach anybody yet"),
       .command = move_to(child, *nic, address),
       .about = {.parent = child.parent->link.ifindex, .devices = {child.device}}});
}

}  // namespace

void wrong_parent(const Facts& facts, Findings& out) {
  for (const auto& child : containers_of(facts))
    for (const auto& address : child.device->addresses)
      if (address.prefix_bits > 0 && address.prefix_bits < 32) look_at(facts, child, address, out);
}

}  // namespace arpline::doctor
