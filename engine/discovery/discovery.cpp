// SPDX-License-Identifier: Apache-2.0
#include "discovery/discovery.hpp"

#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <utility>

#include "kernel/link.hpp"
#include "kernel/netns.hpp"

namespace arpline {
namespace {

bool has_name(const LinkRecord& link, const std::string& name) {
  return link.name == name || std::ranges::find(link.other_names, name) != link.other_names.end();
}

bool stands_on(const LinkRecord& link, int parent, std::optional<int> parent_netns) {
  return link.lower == parent && link.lower_netns == parent_netns;
}

bool is_macvlan(const LinkRecord& link) {
  return link.kind == "macvlan" || link.kind == "macvtap";
}

Interface to_interface(LinkRecord&& link) {
  Interface interface;
  interface.ifindex = link.ifindex;
  interface.name = std::move(link.name);
  interface.mac = link.mac;
  interface.mode = static_cast<MacvlanMode>(link.macvlan_mode);
  interface.up = (link.flags & IFF_UP) != 0;
  interface.running = (link.flags & IFF_RUNNING) != 0;
  interface.noarp = (link.flags & IFF_NOARP) != 0;
  interface.arp_ignore = link.arp_ignore;
  interface.rp_filter = link.rp_filter;
  return interface;
}

std::vector<Interface> children_among(std::vector<LinkRecord>&& links, int parent,
                                      std::optional<int> parent_netns) {
  std::vector<Interface> children;
  for (LinkRecord& link : links)
    if (is_macvlan(link) && stands_on(link, parent, parent_netns))
      children.push_back(to_interface(std::move(link)));
  return children;
}

void add_addresses(std::vector<Interface>& children, const std::vector<LinkAddress>& addresses) {
  for (const LinkAddress& address : addresses) {
    const auto child = std::ranges::find(children, address.ifindex, &Interface::ifindex);
    if (child != children.end())
      child->addresses.push_back({.address = address.address, .prefix_bits = address.prefix_bits});
  }
}

void finish(std::vector<Interface>& children, const ReachableNetns& netns, const NetnsArpSettings& all) {
  const Netns name{.inode = netns.inode, .name = netns_name(netns)};
  for (Interface& child : children) {
    child.netns = name;
    child.arp_ignore = std::max(child.arp_ignore, all.arp_ignore);
    child.rp_filter = std::max(child.rp_filter, all.rp_filter);
  }
}

// Each descriptor lives for one operation, so that it never keeps a dead container alive.
std::optional<int> find_nsid(Netlink& route, const ReachableNetns& netns) {
  const Fd fd = open_netns(netns);
  return fd ? nsid_of(route, fd.get()) : std::nullopt;
}

// The children in another namespace. An id may pass on to a new namespace when an old one dies, so what was
// read under it counts only if it still is the same namespace's afterwards.
std::vector<Interface> children_in(Netlink& route, const ReachableNetns& netns, int parent, int parent_netns) {
  const auto nsid = find_nsid(route, netns);
  if (!nsid) return {};
  auto links = dump_links(route, nsid);
  if (!links) return {};
  auto children = children_among(std::move(*links), parent, parent_netns);
  if (children.empty()) return {};
  const auto addresses = dump_addresses(route, nsid);
  if (!addresses) return {};
  const Fd fd = open_netns(netns);
  if (!fd || nsid_of(route, fd.get()) != nsid) return {};
  const auto all = arp_settings_of(fd.get());
  if (!all) return {};
  add_addresses(children, *addresses);
  finish(children, netns, *all);
  return children;
}

std::vector<Interface> own_children(Netlink& route, const ReachableNetns& own, std::vector<LinkRecord>&& links,
                                    int parent) {
  auto children = children_among(std::move(links), parent, std::nullopt);
  if (children.empty()) return {};
  if (const auto addresses = dump_addresses(route)) add_addresses(children, *addresses);
  finish(children, own, own_arp_settings().value_or(NetnsArpSettings{}));
  return children;
}

}  // namespace

Discovery::Discovery(std::string parent) : parent_(std::move(parent)), route_(NETLINK_ROUTE) {}

std::optional<Snapshot> Discovery::snapshot() {
  auto links = dump_links(route_).value();
  const auto parent =
      std::ranges::find_if(links, [this](const LinkRecord& link) { return has_name(link, parent_); });
  if (parent == links.end()) return std::nullopt;
  Snapshot snapshot;
  snapshot.parent_ifindex = parent->ifindex;
  snapshot.parent = parent->name;
  snapshot.parent_mac = parent->mac;
  snapshot.vlan_uppers = std::ranges::any_of(links, [&](const LinkRecord& link) {
    return link.kind == "vlan" && stands_on(link, snapshot.parent_ifindex, std::nullopt);
  });

  const auto namespaces = reachable_netns();
  snapshot.netns_inode = namespaces.front().inode;
  // The kernel names a child's parent by the id that the asking namespace has in itself: it must have one.
  const auto own_nsid = find_nsid(route_, namespaces.front());
  snapshot.interfaces = own_children(route_, namespaces.front(), std::move(links), snapshot.parent_ifindex);
  if (!own_nsid) return snapshot;
  for (std::size_t i = 1; i < namespaces.size(); ++i) {
    auto children = children_in(route_, namespaces[i], snapshot.parent_ifindex, *own_nsid);
    std::ranges::move(children, std::back_inserter(snapshot.interfaces));
  }
  return snapshot;
}

}  // namespace arpline
