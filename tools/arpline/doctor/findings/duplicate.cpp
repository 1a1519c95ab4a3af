// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

struct Holder {
  const NetnsFacts* netns = nullptr;
  const Device* device = nullptr;
  InterfaceAddress address;
  int parent = 0;
};

using Key = std::tuple<int, Ipv4>;  // ifindex of the wire, address
using Holders = std::map<Key, std::vector<Holder>>;

// The host answers on the parent's wire for the parent's own addresses and, with arp_ignore 0 there, for those
// of all its interfaces.
void add_host(const Facts& facts, const Key& key, std::vector<Holder>& list) {
  const auto& host = facts.host();
  const auto* below = find_device(host, std::get<0>(key));
  if (below == nullptr) return;
  const bool all = std::max(below->arp_ignore, host.all.arp_ignore) == 0;
  for (const auto& device : host.devices) {
    if (device.macvlan() || (&device != below && !all)) continue;
    const auto at = std::ranges::find(device.addresses, std::get<1>(key), &InterfaceAddress::address);
    if (at == device.addresses.end()) continue;
    list.push_back({&host, &device, *at, list.front().parent});
    return;
  }
}

Holders holders_of(const Facts& facts) {
  Holders holders;
  for (const auto& child : children_of(facts)) {
    if (!child.device->up) continue;
    for (const auto& address : child.device->addresses) {
      auto& list = holders[{child.lower, address.address}];
      // An interface may have the address twice, with different prefixes.
      if (!list.empty() && list.back().device == child.device) continue;
      list.push_back({child.netns, child.device, address, child.parent->link.ifindex});
    }
  }
  for (auto& [key, list] : holders) add_host(facts, key, list);
  return holders;
}

void add_finding(const std::vector<Holder>& holders, Findings& out) {
  std::string places;
  About about{.parent = holders.front().parent};
  for (const auto& holder : holders) {
    places += fmt::format("{}{} ({})", places.empty() ? "" : ", ", place(*holder.netns, *holder.device),
                          format_mac(holder.device->mac));
    about.devices.push_back(holder.device);
  }
  // The facts do not show the rightful owner; the host's own address is the last one to remove.
  const auto container = std::ranges::find_if(holders.rbegin(), holders.rend(),
                                              [](const Holder& holder) { return !holder.netns->own; });
  out.push_back(
      {.id = "duplicate",
       .severity = Severity::critical,
       .certainty = Certainty::certain,
       .subject = format_ipv4(holders.front().address.address),
       .evidence = fmt::format("{} interfaces on one wire have this address: {}", holders.size(), places),
       .command = Command{"{}ip addr del {} dev {}", container->netns->enter, text(container->address),
                          container->device->name},
       .about = std::move(about)});
}

}  // namespace

void duplicate(const Facts& facts, Findings& out) {
  for (const auto& [key, holders] : holders_of(facts)) {
    const bool container =
        std::ranges::any_of(holders, [](const Holder& holder) { return !holder.netns->own; });
    if (holders.size() > 1 && container) add_finding(holders, out);
  }
}

}  // namespace arpline::doctor
