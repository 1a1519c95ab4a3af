// SPDX-License-Identifier: Apache-2.0
#include "discovery/own_links.hpp"

#include <linux/if_ether.h>
#include <net/if.h>

#include <algorithm>

namespace arpline {
namespace {

bool is_vlan_on(const LinkRecord& link, int ifindex) {
  return link.kind == "vlan" && link.lower == ifindex && !link.lower_netns;
}

}  // namespace

const LinkRecord* OwnLinks::find(const ForeignText& name) const {
  const auto at = std::ranges::find_if(links_, [&](const auto& entry) {
    const LinkRecord& link = entry.second;
    return link.name == name || std::ranges::find(link.other_names, name) != link.other_names.end();
  });
  return at == links_.end() ? nullptr : &at->second;
}

const LinkRecord* OwnLinks::find(int ifindex) const {
  const auto at = links_.find(ifindex);
  return at == links_.end() ? nullptr : &at->second;
}

std::optional<ParentLink> OwnLinks::parent(int ifindex) const {
  const auto* link = find(ifindex);
  if (link == nullptr) return std::nullopt;
  ParentLink parent{.ifindex = ifindex,
                    .name = link->name,
                    .mac = link->mac,
                    .mtu = link->mtu,
                    .running = (link->flags & IFF_RUNNING) != 0,
                    .carrier_ups = link->carrier_ups};
  for (const auto& [index, other] : links_) {
    if (!is_vlan_on(other, ifindex)) continue;
    parent.vlan_uppers = true;
    if (other.mac != link->mac) parent.vlan_macs.push_back(other.mac);
  }
  return parent;
}

std::optional<OwnLinks::Place> OwnLinks::place_of(int lower) const {
  const auto* link = find(lower);
  if (link == nullptr || link->kind != "vlan") return Place{.parent = lower, .vlan = 0};
  if (link->lower_netns || link->vlan_protocol != ETH_P_8021Q) return std::nullopt;
  return Place{.parent = link->lower, .vlan = link->vlan_id};
}

}  // namespace arpline
