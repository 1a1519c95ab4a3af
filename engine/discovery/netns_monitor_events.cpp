// SPDX-License-Identifier: Apache-2.0
// NetnsMonitor's handlers of rtnetlink events.
#include <linux/if.h>
#include <linux/net_namespace.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>

#include <algorithm>

#include "base/clock.hpp"
#include "discovery/netns_monitor.hpp"

namespace arpline {
namespace {

// Events that are read in one go, before the interfaces and namespaces that they made stale are refreshed.
constexpr std::size_t kEventsAtOnce = 256;

bool looks_the_same(const LinkRecord& a, const LinkRecord& b) {
  return a.flags == b.flags && a.mac == b.mac && a.name == b.name && a.other_names == b.other_names &&
         a.lower == b.lower && a.mtu == b.mtu && a.carrier_ups == b.carrier_ups && a.arp_ignore == b.arp_ignore;
}

}  // namespace

void NetnsMonitor::read_events() {
  now_ = Clock::now();
  const auto read = events_.read(kEventsAtOnce, [this](const nlmsghdr& message, std::optional<int> nsid) {
    on_message(message, nsid.value_or(own_nsid_));
  });
  overrun_ = overrun_ || read.overrun;
  busy_ = busy_ || read.messages > 0;
}

void NetnsMonitor::on_message(const nlmsghdr& message, int nsid) {
  switch (message.nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return on_link(message, nsid);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return on_address(message, nsid);
    case RTM_NEWNETCONF:
      return on_settings(message, nsid);
    case RTM_NEWNSID:
    case RTM_DELNSID:
      // An nsid is valid only in the namespace that assigned it.
      return is_own(nsid) ? on_nsid(message) : void();
    default:
      return;
  }
}

void NetnsMonitor::on_nsid(const nlmsghdr& message) {
  int nsid = -1;
  for_each_attribute(message, sizeof(rtgenmsg), [&nsid](const nlattr& attribute, int type) {
    if (type == NETNSA_NSID) nsid = static_cast<int>(attribute_u32(attribute).value_or(0xffffffffU));
  });
  if (nsid < 0 || is_own(nsid)) return;
  if (message.nlmsg_type == RTM_NEWNSID) {
    find_or_add(nsid);
  } else {
    forget(nsid);
  }
}

void NetnsMonitor::on_link(const nlmsghdr& message, int nsid) {
  // A bridge sends the same messages about its ports, with the family AF_BRIDGE.
  if (header_of<ifinfomsg>(message).ifi_family != AF_UNSPEC) return;
  const auto link = parse_link(message);
  const bool deleted = message.nlmsg_type == RTM_DELLINK;
  auto& known = find_or_add(nsid);
  if (is_own(nsid)) on_own_link(link, deleted);
  if (deleted) return on_link_gone(link, nsid);
  if (!is_macvlan(link))
    return observer_.on_link(is_own(nsid) ? std::nullopt : std::optional{nsid}, link.ifindex);
  if (known.children.contains(link.ifindex)) return on_child_link(known, link, nsid);
  // The event names the lower device's namespace by an nsid that the child's namespace assigned, so the child
  // is read from here.
  stale_children_.try_emplace({nsid, link.ifindex}, now_);
}

void NetnsMonitor::on_own_link(const LinkRecord& link, bool deleted) {
  const auto* before = links_.find(link.ifindex);
  // When a child is created in another namespace, the only sign here is an event of its lower device that
  // changes nothing.
  if (!deleted && before != nullptr && looks_the_same(*before, link)) return hint();
  const bool vlan = link.kind == "vlan";
  if (deleted) {
    links_.erase(link.ifindex);
  } else {
    links_.put(link);
  }
  own_links_changed_ = true;
  if (!vlan) return;
  for (const auto& [nsid, known] : known_)
    if (std::ranges::any_of(known.children,
                            [&](const auto& entry) { return entry.second.lower == link.ifindex; }))
      changed(nsid, now_);
}

void NetnsMonitor::on_link_gone(const LinkRecord& link, int nsid) {
  if (link.new_netns && !is_own(*link.new_netns)) {
    find_or_add(*link.new_netns);
    // new_netns is valid here only if the own namespace assigned it.
    if (is_own(nsid) && is_macvlan(link) && link.new_ifindex != 0 && host_names_.size() < kMostHostNames)
      host_names_.insert_or_assign({*link.new_netns, link.new_ifindex}, link.name);
    if (is_macvlan(link)) earliest(stale_, *link.new_netns, now_);
  }
  stale_children_.erase({nsid, link.ifindex});
  host_names_.erase({nsid, link.ifindex});
  known_.at(nsid).pending.erase(link.ifindex);
  if (known_.at(nsid).children.erase(link.ifindex) == 0) return;
  report_event(nsid, link.ifindex, link.new_netns ? InterfaceEventKind::moved : InterfaceEventKind::deleted);
  changed(nsid, now_);
}

void NetnsMonitor::on_child_link(Known& known, const LinkRecord& link, int nsid) {
  auto& child = known.children.at(link.ifindex);
  auto& interface = child.interface;
  auto before = interface;
  update_interface(interface, link);
  if (!child.named) interface.first_name = interface.name;
  if (interface == before) return;
  const auto report_if = [&](bool when, InterfaceEventKind what) {
    if (when) report_event(nsid, link.ifindex, what);
  };
  report_if(before.mac != interface.mac, InterfaceEventKind::mac_changed);
  report_if(before.name != interface.name, InterfaceEventKind::renamed);
  report_if(before.up && !interface.up, InterfaceEventKind::link_down);
  report_if(!before.up && interface.up, InterfaceEventKind::link_up);
  const bool stayed_up = before.up && interface.up;
  report_if(stayed_up && before.running && !interface.running, InterfaceEventKind::carrier_lost);
  report_if(stayed_up && !before.running && interface.running, InterfaceEventKind::carrier_back);
  changed(nsid, now_);
}

void NetnsMonitor::on_address(const nlmsghdr& message, int nsid) {
  const auto address = parse_address(message);
  if (!address) return;
  auto& known = find_or_add(nsid);
  const bool added = message.nlmsg_type == RTM_NEWADDR;
  if (is_own(nsid)) on_host_address(*address, added);
  const auto at = known.children.find(address->ifindex);
  if (at == known.children.end()) return;
  const InterfaceAddress one{.address = address->address, .prefix_bits = address->prefix_bits};
  const bool had = has(known, at->second, one);
  if (had != added)
    report_event(nsid, address->ifindex,
                 added ? InterfaceEventKind::address_added : InterfaceEventKind::address_removed,
                 address->address);
  if (added && at->second.interface.addresses.size() <= kMostReadAnew) {
    stale_children_.try_emplace({nsid, address->ifindex}, now_);
  } else if (had != added) {
    known.pending[address->ifindex].insert_or_assign(one, added);
    changed(nsid, now_, !added);
  }
}

void NetnsMonitor::on_host_address(const LinkAddress& address, bool added) {
  const InterfaceAddress one{.address = address.address, .prefix_bits = address.prefix_bits};
  auto& addresses = host_addresses_[address.ifindex];
  const bool news = added ? addresses.insert(one).second : addresses.erase(one) > 0;
  if (addresses.empty()) host_addresses_.erase(address.ifindex);
  if (news && !host_changed_) host_changed_ = now_;
}

// A change of rp_filter raises RTM_NEWNETCONF, a change of arp_ignore does not.
void NetnsMonitor::on_settings(const nlmsghdr& message, int nsid) {
  const auto at = known_.find(nsid);
  if (at == known_.end() || at->second.children.empty()) return;
  int ifindex = 0;
  for_each_attribute(message, sizeof(netconfmsg), [&ifindex](const nlattr& attribute, int type) {
    if (type == NETCONFA_IFINDEX) ifindex = static_cast<int>(attribute_u32(attribute).value_or(0));
  });
  if (ifindex == NETCONFA_IFINDEX_ALL) {
    at->second.settings_at = kNoTime;
    earliest(stale_, nsid, now_);
  }
  if (at->second.children.contains(ifindex)) stale_children_.try_emplace({nsid, ifindex}, now_);
}

}  // namespace arpline
