// SPDX-License-Identifier: Apache-2.0
#include "arpline/doctor/gather.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>

#include "arpline/doctor/drop_sample.hpp"
#include "base/error.hpp"
#include "kernel/netns.hpp"

namespace arpline::doctor {
namespace {

constexpr std::chrono::milliseconds kSample{1000};

// The lower devices of all macvlan interfaces; a VLAN interface is replaced by its parent.
std::set<int> interfaces_with_children(const std::vector<NetnsFacts>& namespaces) {
  std::set<int> found;
  const auto& host = namespaces.front().devices;
  for (const auto& netns : namespaces) {
    for (const auto& device : netns.devices) {
      if (!device.macvlan() || !device.lower_in_host) continue;
      const auto lower = std::ranges::find(host, device.lower, &Device::ifindex);
      const bool vlan = lower != host.end() && lower->kind == "vlan" && lower->lower_in_host;
      found.insert(vlan ? lower->lower : device.lower);
    }
  }
  return found;
}

// By ifindex. A parent without pins gets the name that its pins would have.
std::map<int, PinName> parents_of(Netlink& route, const Request& request, const Roots& roots,
                                  const std::vector<NetnsFacts>& namespaces) {
  std::map<int, PinName> names;
  for (const auto& name : find_parents(roots, {}, Looker::root)) names.emplace(name.ifindex, name);
  std::set<int> wanted = interfaces_with_children(namespaces);
  for (const auto& [ifindex, name] : names) wanted.insert(ifindex);
  if (!request.parent.empty()) {
    const auto link = find_link(route, request.parent);
    if (!link) throw SetupError(request.parent + ": no such interface; `ip link` lists those that exist");
    wanted = {link->ifindex};
  }
  std::map<int, PinName> parents;
  for (const int ifindex : wanted) {
    const auto known = names.find(ifindex);
    parents.emplace(ifindex, known != names.end()
                                 ? known->second
                                 : PinName{.parent = {}, .ifindex = ifindex, .netns_inode = 0});
  }
  return parents;
}

void read_parents(Netlink& route, const Request& request, const Roots& roots, Facts& facts) {
  std::vector<LinkInfo> links;
  std::vector<PinName> names;
  for (const auto& [ifindex, name] : parents_of(route, request, roots, facts.namespaces)) {
    auto link = find_link(route, ifindex);
    if (!link) continue;
    names.push_back(name);
    if (name.parent.empty())
      names.back() = {.parent = link->name, .ifindex = ifindex, .netns_inode = facts.host().inode};
    links.push_back(std::move(*link));
  }
  const auto replies = ask_for_status(names, roots);
  for (std::size_t i = 0; i < links.size(); ++i) {
    facts.parents.push_back(read_parent(route, links[i], names[i], roots, replies[i], facts.unseen));
  }
}

// Samples only parents that have dropped frames before: without any, doctor does not wait for the second.
void sample(Netlink& route, Facts& facts) {
  std::vector<Parent*> parents;
  const auto parents_with_children = interfaces_with_children(facts.namespaces);
  for (auto& parent : facts.parents)
    if (parent.rx_dropped > 0 && parents_with_children.contains(parent.link.ifindex))
      parents.push_back(&parent);
  if (parents.empty()) return;
  try {
    sample_drops(route, parents, facts.host().inode, kSample);
  } catch (const SetupError& error) {
    facts.unseen.push_back(fmt::format("what the macvlan broadcast queues drop: {}", error.what()));
  }
}

// Whether systemd runs and has a unit for arplined.
bool has_service() {
  constexpr std::array kUnits{"/etc/systemd/system/arplined.service", "/lib/systemd/system/arplined.service",
                              "/usr/local/lib/systemd/system/arplined.service"};
  return access("/run/systemd/system", F_OK) == 0 &&
         std::ranges::any_of(kUnits, [](const char* unit) { return access(unit, F_OK) == 0; });
}

}  // namespace

Facts gather_facts(const Request& request, const Roots& roots) {
  if (geteuid() != 0) throw SetupError("looking into network namespaces: not permitted; run as root");
  Netlink route{NETLINK_ROUTE};
  Facts facts;
  facts.asked = request.endpoint;
  facts.namespaces = read_namespaces(route, facts.unseen);
  read_parents(route, request, roots, facts);
  read_managers(facts);
  facts.neighbours = neighbour_table(route);
  if (!facts.neighbours) facts.unseen.emplace_back("the neighbour table: the kernel does not tell its limit");
  facts.initial = access("/proc/sys/net/ipv4/neigh/default/gc_thresh3", F_OK) == 0;
  facts.service = facts.initial && has_service();
  sample(route, facts);
  return facts;
}

}  // namespace arpline::doctor
