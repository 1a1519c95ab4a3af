// SPDX-License-Identifier: Apache-2.0
#include "arpline/doctor/facts.hpp"

#include <algorithm>

namespace arpline::doctor {
namespace {

struct Below {
  const Parent* parent = nullptr;
  std::uint16_t vlan = 0;
};

const Parent* parent_at(const Facts& facts, int ifindex) {
  const auto found = std::ranges::find(facts.parents, ifindex, [](const Parent& p) { return p.link.ifindex; });
  return found == facts.parents.end() ? nullptr : &*found;
}

// A child of VLAN interface nic0.100 counts as one of nic0 with VLAN 100.
Below below(const Facts& facts, int ifindex) {
  if (const auto* parent = parent_at(facts, ifindex)) return {.parent = parent};
  const auto& devices = facts.host().devices;
  const auto lower = std::ranges::find(devices, ifindex, &Device::ifindex);
  if (lower == devices.end() || lower->kind != "vlan" || !lower->lower_in_host) return {};
  return {.parent = parent_at(facts, lower->lower), .vlan = lower->vlan_id};
}

}  // namespace

std::vector<Child> children_of(const Facts& facts) {
  std::vector<Child> children;
  for (const auto& netns : facts.namespaces) {
    for (const auto& device : netns.devices) {
      if (!device.macvlan() || !device.lower_in_host) continue;
      const auto [parent, vlan] = below(facts, device.lower);
      if (parent == nullptr) continue;
      children.push_back(
          {.parent = parent, .netns = &netns, .device = &device, .lower = device.lower, .vlan = vlan});
    }
  }
  return children;
}

std::vector<Child> containers_of(const Facts& facts) {
  auto children = children_of(facts);
  std::erase_if(children, [](const Child& child) { return child.netns->own; });
  return children;
}

std::vector<const NetnsFacts*> near_namespaces(const Facts& facts) {
  std::vector<const NetnsFacts*> namespaces{&facts.host()};
  for (const auto& child : containers_of(facts))
    if (namespaces.back() != child.netns) namespaces.push_back(child.netns);
  return namespaces;
}

std::uint64_t exempt_neighbours(const NetnsFacts& netns) {
  return static_cast<std::uint64_t>(std::ranges::count(netns.neighbours, true, &Neighbour::exempt));
}

std::uint64_t counted_neighbours(const Facts& facts) {
  if (!facts.neighbours) return 0;
  std::uint64_t exempt = 0;
  for (const auto& netns : facts.namespaces) exempt += exempt_neighbours(netns);
  return counted_entries(*facts.neighbours, exempt);
}

const EndpointStatus* known(const Child& child, Ipv4 address) {
  const auto found = std::ranges::find_if(child.parent->endpoints, [&](const EndpointStatus& endpoint) {
    return endpoint.address == address && endpoint.vlan == child.vlan;
  });
  return found == child.parent->endpoints.end() ? nullptr : &*found;
}

}  // namespace arpline::doctor
