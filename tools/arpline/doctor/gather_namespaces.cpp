// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <linux/if.h>

#include <algorithm>
#include <utility>

#include "arpline/doctor/gather.hpp"
#include "base/error.hpp"
#include "kernel/netns.hpp"

namespace arpline::doctor {
namespace {

// More routes than any host has but a router with the full Internet table; the routes of local subnets come
// early.
constexpr std::size_t kMostRoutes = 65536;

Device to_device(LinkRecord&& link, std::optional<int> host_nsid) {
  Device device;
  device.ifindex = link.ifindex;
  device.name = std::move(link.name);
  device.kind = std::move(link.kind);
  device.mac = link.mac;
  device.up = (link.flags & IFF_UP) != 0;
  device.running = (link.flags & IFF_RUNNING) != 0;
  device.noarp = (link.flags & IFF_NOARP) != 0;
  device.loopback = (link.flags & IFF_LOOPBACK) != 0;
  device.proxy_arp = link.proxy_arp;
  device.arp_ignore = link.arp_ignore;
  device.rp_filter = link.rp_filter;
  device.lower = link.lower;
  device.lower_in_host = link.lower != 0 && link.lower_netns == host_nsid;
  device.vlan_id = link.vlan_id;
  device.mode = static_cast<MacvlanMode>(link.macvlan_mode);
  device.broadcast_queue = link.broadcast_queue;
  return device;
}

void add_devices(NetnsFacts& facts, std::vector<LinkRecord>&& links, const std::vector<LinkAddress>& addresses,
                 std::optional<int> host_nsid) {
  for (auto& link : links) facts.devices.push_back(to_device(std::move(link), host_nsid));
  for (const auto& address : addresses) {
    const auto device = std::ranges::find(facts.devices, address.ifindex, &Device::ifindex);
    if (device != facts.devices.end())
      device->addresses.push_back({.address = address.address, .prefix_bits = address.prefix_bits});
  }
}

// Dumps of routes and neighbours take no target namespace, so they are read from inside. The socket is closed
// before the return to the own namespace, because it would keep the namespace of a dead container alive.
void read_inside(NetnsFacts& facts) {
  Netlink inside{NETLINK_ROUTE};
  facts.routes = dump_routes(inside, kMostRoutes);
  facts.neighbours = dump_neighbours(inside);
  facts.all = own_arp_settings().value_or(NetnsArpSettings{});
}

void name(NetnsFacts& facts, const ReachableNetns& netns) {
  facts.inode = netns.inode;
  facts.name = netns_name(netns);
  facts.own = netns.own;
  if (netns.own) return;
  if (!netns.path.empty() && is_typeable(netns.path)) {
    facts.enter = Command{"nsenter --net={} ", netns.path};
    facts.target = netns.path;
  } else if (!netns.pids.empty()) {
    facts.enter = Command{"nsenter -t {} -n ", netns.pids.front()};
    facts.target = std::to_string(netns.pids.front());
  }
}

// Whether a command can name the namespace; a command without its prefix would run in the host's.
bool is_enterable(const ReachableNetns& netns) {
  return !netns.pids.empty() || is_typeable(netns.path);
}

NetnsFacts read_own(Netlink& route, const ReachableNetns& netns) {
  NetnsFacts facts;
  name(facts, netns);
  add_devices(facts, dump_links(route).value(), dump_addresses(route).value(), std::nullopt);
  read_inside(facts);
  return facts;
}

// Returns false when the namespace is gone or its id belongs to another one by now.
bool read_other(Netlink& route, const ReachableNetns& netns, int host_nsid, NetnsFacts& facts) {
  name(facts, netns);
  Fd fd = open_netns(netns);
  const auto nsid = fd ? nsid_of(route, fd.get()) : std::nullopt;
  fd.reset();
  if (!nsid) return false;
  auto links = dump_links(route, nsid);
  const auto addresses = dump_addresses(route, nsid);
  if (!links || !addresses) return false;
  add_devices(facts, std::move(*links), *addresses, host_nsid);
  fd = open_netns(netns);
  if (!fd || nsid_of(route, fd.get()) != nsid) return false;
  return run_inside(fd.get(), [&facts] { read_inside(facts); });
}

}  // namespace

std::vector<NetnsFacts> read_namespaces(Netlink& route, std::vector<std::string>& unseen) {
  const auto namespaces = reachable_netns();
  std::vector<NetnsFacts> all{read_own(route, namespaces.front())};
  // IFLA_LINK_NETNSID is an id of the asking namespace, which for a child's parent needs an id for itself.
  const Fd own = open_netns(namespaces.front());
  const auto host_nsid = own ? nsid_of(route, own.get()) : std::nullopt;
  if (!host_nsid) throw SetupError("giving the own network namespace an id: refused; run as root");
  for (std::size_t i = 1; i < namespaces.size(); ++i) {
    NetnsFacts facts;
    std::string why = "it vanished meanwhile";
    try {
      if (!is_enterable(namespaces[i]))
        throw SetupError("the name of its file ends with a line break: rename it");
      if (read_other(route, namespaces[i], *host_nsid, facts)) {
        all.push_back(std::move(facts));
        continue;
      }
    } catch (const SetupError& error) {
      why = error.what();
    }
    unseen.push_back(fmt::format("namespace {}: {}", visible(netns_name(namespaces[i])), why));
  }
  return all;
}

// The host's files first, so that slow files of a container can't use up its time.
void read_managers(Facts& facts) {
  ForeignFiles files;
  const auto folders = manager_folders();
  for (auto& parent : facts.parents)
    parent.managed = managed_by(files, folders, facts.host().inode, parent.link.ifindex);
  for (auto& netns : facts.namespaces)
    for (auto& device : netns.devices)
      if (device.macvlan()) device.managed = managed_by(files, folders, netns.inode, device.ifindex);
  for (const auto& root : files.silent())
    facts.unseen.push_back(
        fmt::format("what manages interfaces by the files below {}: its file system does not answer", root));
}

}  // namespace arpline::doctor
