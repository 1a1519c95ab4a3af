// SPDX-License-Identifier: Apache-2.0
#include "discovery/discovery.hpp"

#include <utility>

#include "discovery/netns_dump.hpp"

namespace arpline {
namespace {

// The kernel may give a dead namespace's nsid to a new one, so the dump counts only if the nsid still belongs
// to the same namespace after it.
void add_children(Netlink& route, const ReachableNetns& found, const OwnLinks& links, int own_nsid,
                  Snapshot& snapshot) {
  const auto nsid = find_nsid(route, found);
  if (!nsid) return;
  auto children = dump_netns(route, {.nsid = *nsid, .own = found.own}, own_nsid);
  if (!children || children->empty()) return;
  const Fd fd = open_netns(found);
  if (!fd || nsid_of(route, fd.get()) != nsid) return;
  const auto all = found.own ? own_arp_settings() : arp_settings_of(fd.get());
  if (!all) return;
  const Netns netns{.nsid = *nsid, .inode = found.inode, .name = netns_name(found), .own = found.own};
  for (auto& [ifindex, child] : *children) {
    keep_names(child, nullptr);
    auto interface = place_child(child, links, netns, *all);
    if (interface && interface->parent == snapshot.parent.ifindex)
      snapshot.interfaces.push_back(std::move(*interface));
  }
}

}  // namespace

Discovery::Discovery(ForeignText parent) : parent_(std::move(parent)), route_(NETLINK_ROUTE) {}

std::optional<Snapshot> Discovery::snapshot() {
  const auto dumped = dump_links(route_).value();
  OwnLinks links;
  for (const auto& link : dumped) links.put(link);
  const auto* parent = links.find(parent_);
  if (parent == nullptr) return std::nullopt;
  Snapshot snapshot{.parent = links.parent(parent->ifindex).value(), .interfaces = {}};
  const auto namespaces = reachable_netns();
  // The kernel names the namespace of a child's lower device by its nsid in the asking namespace, so the own
  // namespace must have an nsid in itself.
  const auto own_nsid = find_nsid(route_, namespaces.front());
  if (!own_nsid) return snapshot;
  for (const auto& netns : namespaces) add_children(route_, netns, links, *own_nsid, snapshot);
  return snapshot;
}

}  // namespace arpline
