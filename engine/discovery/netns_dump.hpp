// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "discovery/own_links.hpp"
#include "endpoints/model.hpp"
#include "kernel/netns.hpp"

namespace arpline {

/// A macvlan or macvtap whose lower device is in the own namespace. place_child() fills in `netns`, `parent`
/// and `vlan` of `interface`.
struct Child {
  int lower = 0;  ///< ifindex of the lower device
  Interface interface;
  bool named = false;  ///< interface.first_name is final
  bool operator==(const Child&) const = default;
};
using Children = std::map<int, Child>;  ///< by ifindex

/// A namespace as the own namespace's rtnetlink addresses it.
struct DumpedNetns {
  int nsid = -1;
  bool own = false;
};

bool is_macvlan(const LinkRecord& link);
/// Copies the fields that a link message holds; the others, such as the addresses, stay.
void update_interface(Interface& interface, const LinkRecord& link);

/// All children in a namespace, with their addresses. `own_nsid`: the own namespace's nsid in itself. nullopt:
/// the namespace is gone, or changes faster than it can be read. Throws SetupError when the kernel refuses.
std::optional<Children> dump_netns(Netlink& route, DumpedNetns netns, int own_nsid);
/// One child without its addresses; nullopt: the interface is gone, or it is no child.
std::optional<Child> dump_child(Netlink& route, DumpedNetns netns, int own_nsid, int ifindex);
/// Reads the child's addresses from the kernel; false: they can't be read now.
bool dump_addresses(Netlink& route, DumpedNetns netns, Child& child);
/// Keeps host_name and sets first_name, by which the configuration chooses interfaces. It is the name that the
/// interface has when it first has an address, so that a container can't change the choice by renaming it
/// later. `before`: the child as it was known; nullptr: it is new.
void keep_names(Child& child, const Child* before);

/// The child with its parent, its VLAN and the settings of its namespace. nullopt: arpline serves no child on
/// this lower device.
std::optional<Interface> place_child(const Child& child, const OwnLinks& links, const Netns& netns,
                                     const NetnsArpSettings& all);

/// The nsid of a namespace; nullopt when it can't be opened any more. Leaves no descriptor open: it would keep
/// a dead container's namespace alive.
std::optional<int> find_nsid(Netlink& route, const ReachableNetns& netns);

}  // namespace arpline
