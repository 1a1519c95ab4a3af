// SPDX-License-Identifier: Apache-2.0
#include "discovery/netns_dump.hpp"

#include <net/if.h>

#include <algorithm>

namespace arpline {
namespace {

// rtnetlink names the lower device's namespace by its nsid in the asking namespace. It names none when the
// lower device is in the child's own namespace.
bool stands_here(const LinkRecord& link, DumpedNetns netns, int own_nsid) {
  return is_macvlan(link) && link.lower != 0 && (link.lower_netns ? *link.lower_netns == own_nsid : netns.own);
}

Child to_child(const LinkRecord& link) {
  Child child{.lower = link.lower, .interface = {}};
  update_interface(child.interface, link);
  return child;
}

std::optional<int> target_of(DumpedNetns netns) {
  return netns.own ? std::nullopt : std::optional{netns.nsid};
}

}  // namespace

bool is_macvlan(const LinkRecord& link) {
  return link.kind == "macvlan" || link.kind == "macvtap";
}

void update_interface(Interface& interface, const LinkRecord& link) {
  interface.ifindex = link.ifindex;
  interface.name = link.name;
  interface.mac = link.mac;
  interface.mode = static_cast<MacvlanMode>(link.macvlan_mode);
  interface.up = (link.flags & IFF_UP) != 0;
  interface.running = (link.flags & IFF_RUNNING) != 0;
  interface.noarp = (link.flags & IFF_NOARP) != 0;
  interface.arp_ignore = link.arp_ignore;
  interface.rp_filter = link.rp_filter;
}

// Asks for the addresses of one child at a time, so that a namespace can't prolong the dump with addresses on
// other interfaces.
std::optional<Children> dump_netns(Netlink& route, DumpedNetns netns, int own_nsid) {
  const auto links = dump_macvlans(route, target_of(netns));
  if (!links) return std::nullopt;
  Children children;
  for (const auto& link : *links) {
    if (!stands_here(link, netns, own_nsid)) continue;
    auto child = to_child(link);
    if (!dump_addresses(route, netns, child)) return std::nullopt;
    children.emplace(link.ifindex, std::move(child));
  }
  return children;
}

std::optional<Child> dump_child(Netlink& route, DumpedNetns netns, int own_nsid, int ifindex) {
  const auto link = get_link(route, target_of(netns), ifindex);
  if (!link || !stands_here(*link, netns, own_nsid)) return std::nullopt;
  return to_child(*link);
}

bool dump_addresses(Netlink& route, DumpedNetns netns, Child& child) {
  const auto found = dump_addresses(route, target_of(netns), child.interface.ifindex);
  if (!found) return false;
  auto& addresses = child.interface.addresses;
  addresses.clear();
  addresses.reserve(found->size());
  for (const auto& one : *found)
    if (one.ifindex == child.interface.ifindex)
      addresses.push_back({.address = one.address, .prefix_bits = one.prefix_bits});
  std::ranges::sort(addresses, comes_before);
  return true;
}

void keep_names(Child& child, const Child* before) {
  auto& interface = child.interface;
  const bool stays = before != nullptr && before->named;
  if (before != nullptr) interface.host_name = before->interface.host_name;
  interface.first_name = stays ? before->interface.first_name : interface.name;
  child.named = stays || !interface.addresses.empty();
}

std::optional<Interface> place_child(const Child& child, const OwnLinks& links, const Netns& netns,
                                     const NetnsArpSettings& all) {
  const auto place = links.place_of(child.lower);
  if (!place) return std::nullopt;
  auto interface = child.interface;
  interface.netns = netns;
  interface.parent = place->parent;
  interface.vlan = place->vlan;
  interface.arp_ignore = std::max(interface.arp_ignore, all.arp_ignore);
  interface.rp_filter = std::max(interface.rp_filter, all.rp_filter);
  return interface;
}

std::optional<int> find_nsid(Netlink& route, const ReachableNetns& netns) {
  const Fd fd = open_netns(netns);
  return fd ? nsid_of(route, fd.get()) : std::nullopt;
}

}  // namespace arpline
