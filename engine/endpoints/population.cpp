// SPDX-License-Identifier: Apache-2.0
#include "endpoints/population.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shared/packet.h"

namespace arpline {
namespace {

constexpr unsigned kLongest = 32;

std::uint32_t mask_of(unsigned bits) {
  return bits == 0 ? 0 : ~std::uint32_t{0} << (kLongest - bits);
}

arpl_endpoint_key key_of(const Interface& interface, Ipv4 address) {
  return {.address = address, .vlan = interface.vlan, .zero = 0};
}

void touch(std::vector<Population::Touched>& list, const Interface& interface, int nsid, Ipv4 address) {
  // An interface may have the same address twice, with two prefix lengths.
  const auto key = key_of(interface, address);
  if (!list.empty() && list.back().key.address == address && list.back().who.ifindex == interface.ifindex)
    return;
  list.push_back({.key = key, .who = {.nsid = nsid, .ifindex = interface.ifindex}});
}

bool has(const std::vector<InterfaceAddress>& sorted, Ipv4 address) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(),
                                   InterfaceAddress{.address = address, .prefix_bits = 0}, comes_before);
  return at != sorted.end() && at->address == address;
}

bool same_kind(const Interface& a, const Interface& b) {
  return a.mac == b.mac && a.mode == b.mode && a.netns.own == b.netns.own;
}

bool same_settings(const Interface& a, const Interface& b) {
  return a.arp_ignore == b.arp_ignore && a.rp_filter == b.rp_filter && a.name == b.name &&
         a.first_name == b.first_name && a.host_name == b.host_name && a.netns == b.netns;
}

}  // namespace

void Population::remove_interface(int nsid, const Child& old, Changes& changes) {
  for (const auto& address : old.interface.addresses) touch(changes.went, old.interface, nsid, address.address);
}

// The first address of a subnet, or the removal of the last, may change the widest prefix of every address in
// that subnet.
void Population::update_addresses(int nsid, Child& child, std::vector<InterfaceAddress> now, Changes& changes) {
  std::vector<InterfaceAddress> removed;
  std::vector<InterfaceAddress> added;
  auto& old = child.interface.addresses;
  std::set_difference(old.begin(), old.end(), now.begin(), now.end(), std::back_inserter(removed),
                      comes_before);
  std::set_difference(now.begin(), now.end(), old.begin(), old.end(), std::back_inserter(added), comes_before);
  if (removed.empty() && added.empty()) return;
  const auto before_this = std::exchange(old, std::move(now));
  std::vector<InterfaceAddress> changed_prefixes;
  for (const auto& one : removed) {
    if (child.prefixes.remove(one)) changed_prefixes.push_back(one);
    if (!has(old, one.address)) touch(changes.went, child.interface, nsid, one.address);
  }
  for (const auto& one : added) {
    if (child.prefixes.add(one)) changed_prefixes.push_back(one);
    if (!has(before_this, one.address)) touch(changes.came, child.interface, nsid, one.address);
  }
  for (const auto& one : changed_prefixes) {
    const auto network = arpl_swap32(one.address) & mask_of(one.prefix_bits);
    auto at =
        std::lower_bound(old.begin(), old.end(),
                         InterfaceAddress{.address = arpl_swap32(network), .prefix_bits = 0}, comes_before);
    for (; at != old.end() && (arpl_swap32(at->address) & mask_of(one.prefix_bits)) == network; ++at)
      touch(changes.adjusted, child.interface, nsid, at->address);
  }
}

void Population::update_interface(int nsid, Child& old, Interface now, std::uint64_t flags, Changes& changes) {
  const bool altered = old.interface.mac != now.mac || old.flags != flags;
  const bool adjusted = !same_settings(old.interface, now) || old.interface.mode != now.mode;
  if (!same_kind(old.interface, now)) changes.interfaces = true;
  auto addresses = std::move(now.addresses);
  now.addresses = std::move(old.interface.addresses);
  old.interface = std::move(now);
  old.flags = flags;
  update_addresses(nsid, old, std::move(addresses), changes);
  if (!altered && !adjusted) return;
  auto& list = altered ? changes.altered : changes.adjusted;
  for (const auto& address : old.interface.addresses) touch(list, old.interface, nsid, address.address);
}

Population::Changes Population::replace(int nsid, std::vector<Interface> now) {
  Changes changes;
  const auto flags = flags_of(now);
  auto& children = namespaces_[nsid];
  std::map<int, std::size_t> present;
  for (std::size_t i = 0; i < now.size(); ++i) present.emplace(now[i].ifindex, i);
  for (auto it = children.begin(); it != children.end();) {
    const auto at = present.find(it->first);
    if (at != present.end() && now[at->second].vlan == it->second.interface.vlan) {
      ++it;
      continue;
    }
    remove_interface(nsid, it->second, changes);
    changes.interfaces = true;
    it = children.erase(it);
  }
  for (const auto& [ifindex, i] : present) {
    auto& interface = now[i];
    if (!std::is_sorted(interface.addresses.begin(), interface.addresses.end(), comes_before))
      std::sort(interface.addresses.begin(), interface.addresses.end(), comes_before);
    const auto [at, fresh] = children.try_emplace(ifindex);
    if (fresh) {
      changes.interfaces = true;
      at->second.flags = flags[i];
      auto addresses = std::exchange(interface.addresses, {});
      at->second.interface = std::move(interface);
      update_addresses(nsid, at->second, std::move(addresses), changes);
    } else {
      update_interface(nsid, at->second, std::move(interface), flags[i], changes);
    }
  }
  if (children.empty()) namespaces_.erase(nsid);
  return changes;
}

const Interface* Population::find(InterfaceId who) const {
  const auto children = namespaces_.find(who.nsid);
  if (children == namespaces_.end()) return nullptr;
  const auto at = children->second.find(who.ifindex);
  return at == children->second.end() ? nullptr : &at->second.interface;
}

std::optional<Desired> Population::endpoint(InterfaceId who, const arpl_endpoint_key& key) const {
  const auto children = namespaces_.find(who.nsid);
  if (children == namespaces_.end()) return std::nullopt;
  const auto at = children->second.find(who.ifindex);
  if (at == children->second.end()) return std::nullopt;
  const auto& child = at->second;
  if (child.interface.vlan != key.vlan || !has(child.interface.addresses, key.address)) return std::nullopt;
  return endpoint_of(child.interface, child.flags, key.address, child.prefixes.widest(key.address));
}

std::vector<int> Population::namespaces() const {
  std::vector<int> all;
  for (const auto& [nsid, children] : namespaces_) all.push_back(nsid);
  return all;
}

}  // namespace arpline
