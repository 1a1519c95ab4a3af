// SPDX-License-Identifier: Apache-2.0
#include "control/roster.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace arpline {
namespace {

bool matches_any(const std::vector<Pattern>& patterns, const Desired& endpoint) {
  return std::ranges::any_of(patterns, [&](const Pattern& pattern) {
    return pattern.matches(endpoint.interface, endpoint.netns, endpoint.key.address,
                           endpoint.word & ARPL_MAC_MASK);
  });
}

bool is_chosen(const ParentConfig& config, const Desired& endpoint) {
  return (config.include.empty() || matches_any(config.include, endpoint)) &&
         !matches_any(config.exclude, endpoint);
}

}  // namespace

std::string place_of(const Owner& owner) {
  return owner.netns.empty() ? owner.interface : owner.netns + "/" + owner.interface;
}

Roster::Roster(const Maps& maps)
    : map_(maps),
      table_(maps.slots(), maps.stats(), Index{maps.index(), maps.filter(), maps.hash_keys().factor}, map_),
      own_macs_(maps) {}

// Chosen after they are judged: what is left out still answers beside its siblings.
std::vector<Desired> Roster::chosen(const std::vector<Interface>& children, std::uint64_t heard_at) const {
  auto endpoints = classify(children);
  std::erase_if(endpoints, [this](const Desired& endpoint) { return !is_chosen(config_, endpoint); });
  for (auto& endpoint : endpoints) {
    endpoint.heard_at = heard_at;
    endpoint.slow = matches_any(config_.fast_path_exclude, endpoint);
  }
  return endpoints;
}

std::vector<Desired> Roster::statics() const {
  std::vector<Desired> endpoints;
  for (const auto& one : config_.statics) {
    endpoints.push_back({.key = {.address = one.address, .vlan = one.vlan, .zero = 0},
                         .word = one.mac,
                         .prefix_bits = one.prefix_bits,
                         .announceable = true,
                         .settings = Settings{.nsid = Census::kStatics},
                         .netns = "static",
                         .interface = "-"});
    endpoints.back().slow = matches_any(config_.fast_path_exclude, endpoints.back());
  }
  return endpoints;
}

void Roster::count_macs(const std::vector<Interface>& children, int by) {
  for (const auto& child : children) {
    auto& use = macs_[child.mac];
    use.children += by;
    if (child.mode == MacvlanMode::vepa) use.in_vepa += by;
  }
}

Table::Changes Roster::start(const ParentConfig& config, const Snapshot& snapshot) {
  config_ = config;
  for (const auto& child : snapshot.interfaces) children_[child.netns.nsid].push_back(child);
  for (const auto& [nsid, children] : children_) {
    census_.replace(nsid, chosen(children, 0));
    count_macs(children, 1);
  }
  census_.replace(Census::kStatics, statics());
  set_parent(snapshot.parent);
  return table_.reconcile(census_.all());
}

// Withdrawing first: what may fail behind it must not keep a container answered for.
Table::Changes Roster::update(int nsid, std::vector<Interface> children, std::uint64_t heard_at) {
  auto changes = table_.apply(census_.replace(nsid, chosen(children, heard_at)));
  const auto before = std::exchange(children_[nsid], std::move(children));
  const auto& now = children_.at(nsid);
  count_macs(now, 1);
  count_macs(before, -1);
  for (const auto* list : {&before, &now}) {
    for (const auto& child : *list) {
      const auto count = macs_.find(child.mac);
      if (count == macs_.end()) continue;
      const bool wanted = count->second.children > 0;
      if (!wanted) macs_.erase(count);
      // A passthru child has the parent's.
      if (child.mac == parent_.mac ||
          std::ranges::find(parent_.vlan_macs, child.mac) != parent_.vlan_macs.end())
        continue;
      if (wanted) {
        own_macs_.put(child.mac);
      } else {
        own_macs_.erase(child.mac);
      }
    }
  }
  if (now.empty()) children_.erase(nsid);
  return changes;
}

Table::Changes Roster::choose(const ParentConfig& config) {
  config_ = config;
  std::vector<Wish> wishes;
  const auto replace = [&](int source, std::vector<Desired> endpoints) {
    auto some = census_.replace(source, std::move(endpoints));
    std::ranges::move(some, std::back_inserter(wishes));
  };
  for (const auto& [nsid, children] : children_) replace(nsid, chosen(children, 0));
  replace(Census::kStatics, statics());
  // A later word about the same key counts.
  std::map<arpl_endpoint_key, std::optional<Desired>, KeyLess> last;
  for (auto& [key, desired] : wishes) last.insert_or_assign(key, std::move(desired));
  return table_.apply(std::vector<Wish>(last.begin(), last.end()));
}

// The parent first: a passthru child has its MAC.
Owners Roster::owners() const {
  Owners owners;
  owners.emplace(parent_.mac, Owner{.netns = {}, .interface = parent_.name});
  for (const auto& [nsid, children] : children_)
    for (const auto& child : children)
      owners.emplace(child.mac, Owner{.netns = child.netns.name, .interface = child.name});
  return owners;
}

MacSet Roster::macs() const {
  MacSet macs(parent_.vlan_macs.begin(), parent_.vlan_macs.end());
  macs.insert(parent_.mac);
  for (const auto& [mac, count] : macs_) macs.insert(mac);
  return macs;
}

// What was made on this host is no other station's, even where nobody has found its interface yet. And a MAC of
// ours from the wire is another station's, but where the switch sends back what this host has said.
Party Roster::party_of(const arpl_event& claim) const {
  const auto mac = claim.mac;
  if (mac == parent_.mac || std::ranges::find(parent_.vlan_macs, mac) != parent_.vlan_macs.end())
    return Party::host;
  const bool ours = claim.type != ARPL_EVENT_CLAIM_FROM_WIRE || comes_back(mac);
  return ours ? Party::sibling : Party::elsewhere;
}

bool Roster::comes_back(Mac mac) const {
  const auto at = macs_.find(mac);
  return at != macs_.end() && at->second.in_vepa > 0;
}

void Roster::set_parent(const ParentLink& parent) {
  parent_ = parent;
  std::set<Mac> others(parent.vlan_macs.begin(), parent.vlan_macs.end());
  for (const auto& [mac, count] : macs_) others.insert(mac);
  own_macs_.set(parent.mac, others);
}

}  // namespace arpline
