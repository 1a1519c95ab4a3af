// SPDX-License-Identifier: Apache-2.0
#include "discovery/survey.hpp"

#include <net/if.h>

#include <algorithm>

namespace arpline {
namespace {

// An answer names the lower link's namespace by its id in the asking one; not at all where both are the same.
bool stands_here(const LinkRecord& link, SurveyedNetns netns, int own_nsid) {
  return is_macvlan(link) && link.lower != 0 && (link.lower_netns ? *link.lower_netns == own_nsid : netns.own);
}

Child to_child(const LinkRecord& link) {
  Child child{.lower = link.lower, .interface = {}};
  update_interface(child.interface, link);
  return child;
}

std::optional<int> target_of(SurveyedNetns netns) {
  return netns.own ? std::nullopt : std::optional{netns.nsid};
}

void add_addresses(Children& children, const std::vector<LinkAddress>& addresses) {
  for (const LinkAddress& address : addresses) {
    if (const auto at = children.find(address.ifindex); at != children.end())
      at->second.interface.addresses.push_back(
          {.address = address.address, .prefix_bits = address.prefix_bits});
  }
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

std::optional<Children> survey_netns(Netlink& route, SurveyedNetns netns, int own_nsid) {
  const auto links = dump_links(route, target_of(netns));
  if (!links) return std::nullopt;
  Children children;
  for (const auto& link : *links)
    if (stands_here(link, netns, own_nsid)) children.emplace(link.ifindex, to_child(link));
  if (children.empty()) return children;
  const auto addresses = dump_addresses(route, target_of(netns));
  if (!addresses) return std::nullopt;
  add_addresses(children, *addresses);
  return children;
}

std::optional<Child> survey_child(Netlink& route, SurveyedNetns netns, int own_nsid, int ifindex) {
  const auto link = get_link(route, target_of(netns), ifindex);
  if (!link || !stands_here(*link, netns, own_nsid)) return std::nullopt;
  const auto addresses = dump_addresses(route, target_of(netns), ifindex);
  if (!addresses) return std::nullopt;
  Children one{{ifindex, to_child(*link)}};
  add_addresses(one, *addresses);
  return std::move(one.begin()->second);
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
