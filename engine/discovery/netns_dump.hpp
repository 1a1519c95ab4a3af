// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "discovery/own_links.hpp"
#include "endpoints/model.hpp"
#include "kernel/netns.hpp"

namespace arpline {

/// A macvlan or macvtap that stands on a link of the own namespace. Netns, parent and vlan of `interface` are
/// filled in by place_child().
struct Child {
  int lower = 0;  ///< the ifindex of that link
  Interface interface;
  bool named = false;  ///< interface.first_name stays
  bool operator==(const Child&) const = default;
};
using Children = std::map<int, Child>;  ///< by ifindex

/// A namespace as rtnetlink of the own one addresses it.
struct DumpedNetns {
  int nsid = -1;
  bool own = false;
};

bool is_macvlan(const LinkRecord& link);
/// Takes over what a link message says of itself; addresses and what comes from below stay.
void update_interface(Interface& interface, const LinkRecord& link);

/// All children in a namespace, with their addresses. `own_nsid`: the id that the own namespace has in itself.
/// nullopt: the namespace is gone, or changes without end. Throws SetupError when the kernel refuses.
std::optional<Children> dump_netns(Netlink& route, DumpedNetns netns, int own_nsid);
/// One interface; nullopt: it is gone, or no child. Its addresses only where they are asked for.
std::optional<Child> dump_child(Netlink& route, DumpedNetns netns, int own_nsid, int ifindex);
/// Reads its addresses; false: they can't be read now.
bool dump_addresses(Netlink& route, DumpedNetns netns, Child& child);
/// What is chosen by name is chosen by the one that an interface has when it first has an address: what a
/// container calls it later chooses nothing. `before`: as it was known; nullptr: it was not.
void keep_names(Child& child, const Child* before);

/// Where the child's frames come in, and what its namespace adds to it. nullopt: nowhere that arpline serves.
std::optional<Interface> place_child(const Child& child, const OwnLinks& links, const Netns& netns,
                                     const NetnsArpSettings& all);

/// The id of a namespace, when it can still be opened. Holds no descriptor afterwards: it would keep a dead
/// container alive.
std::optional<int> find_nsid(Netlink& route, const ReachableNetns& netns);

}  // namespace arpline
