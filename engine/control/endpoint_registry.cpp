// SPDX-License-Identifier: Apache-2.0
#include "control/endpoint_registry.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/clock.hpp"

namespace arpline {
namespace {

// The names that a pattern may match. `first` is the interface's first name: a container can't change the
// choice by renaming its interface later.
struct Names {
  const ForeignText& first;
  const ForeignText& in_host;  // empty: none
};

bool matches_any(const std::vector<Pattern>& patterns, const Desired& endpoint, const Names& names) {
  const auto matches = [&](const Pattern& pattern, const ForeignText& name) {
    return pattern.matches(name, endpoint.netns, endpoint.key.address, endpoint.word & ARPL_MAC_MASK);
  };
  return std::ranges::any_of(patterns, [&](const Pattern& pattern) {
    return matches(pattern, names.first) || (!names.in_host.empty() && matches(pattern, names.in_host));
  });
}

bool is_chosen(const ParentConfig& config, const Desired& endpoint, const Names& names) {
  return (config.include.empty() || matches_any(config.include, endpoint, names)) &&
         !matches_any(config.exclude, endpoint, names);
}

}  // namespace

std::string place_of(const Owner& owner) {
  const auto interface = visible(owner.interface);
  return owner.netns.empty() ? interface : visible(owner.netns) + "/" + interface;
}

RegistryTables EndpointRegistry::KernelHashes::tables() {
  return {.slots = maps_.slots(),
          .stats = maps_.stats(),
          .index = maps_.index(),
          .filter = maps_.filter(),
          .heard = maps_.heard(),
          .keys = maps_.hash_keys(),
          .endpoints = *this,
          .senders = *this};
}

EndpointRegistry::EndpointRegistry(const RegistryTables& tables)
    : table_(tables.slots, tables.stats, Index{tables.index, tables.filter, tables.keys.factor},
             tables.endpoints),
      own_macs_(tables.senders, tables.filter, tables.heard, tables.keys) {}

EndpointRegistry::EndpointRegistry(std::unique_ptr<KernelHashes> hashes) : EndpointRegistry(hashes->tables()) {
  hashes_ = std::move(hashes);
}

EndpointRegistry::EndpointRegistry(const Maps& maps) : EndpointRegistry(std::make_unique<KernelHashes>(maps)) {}

// The configuration chooses after the population has judged an interface: one that is left out still answers
// ARP beside its siblings.
std::optional<Desired> EndpointRegistry::describe(const arpl_endpoint_key& key, InterfaceId who) const {
  if (who.nsid == AddressCandidates::kStaticNsid) {
    auto endpoint = statics_.at(static_cast<std::size_t>(who.ifindex));
    endpoint.slow = matches_any(config_.fast_path_exclude, endpoint,
                                {.first = endpoint.interface, .in_host = endpoint.interface});
    return endpoint;
  }
  auto endpoint = population_.endpoint(who, key);
  if (!endpoint) return std::nullopt;
  const auto& interface = *population_.find(who);
  const Names names{.first = interface.first_name, .in_host = interface.host_name};
  if (!is_chosen(config_, *endpoint, names)) return std::nullopt;
  endpoint->slow = matches_any(config_.fast_path_exclude, *endpoint, names);
  return endpoint;
}

std::optional<Desired> EndpointRegistry::resolve(const arpl_endpoint_key& key) {
  auto endpoint = candidates_.resolve(key, [&](InterfaceId who) { return describe(key, who); });
  if (endpoint && (endpoint->word & ARPL_SLOT_HOST) == 0 && host_.has(key)) {
    endpoint->word |= ARPL_SLOT_HOST_ADDRESS;
    endpoint->announceable = false;
  }
  return endpoint;
}

void EndpointRegistry::mark_due(int nsid, const arpl_endpoint_key& key, Instant heard_at) {
  if (due_.empty() || heard_at < due_since_) due_since_ = heard_at;
  due_.add(nsid, key);
}

void EndpointRegistry::set_statics(Instant heard_at) {
  const auto who = [](std::size_t i) {
    return InterfaceId{.nsid = AddressCandidates::kStaticNsid, .ifindex = static_cast<int>(i)};
  };
  std::vector<Desired> wanted;
  for (const auto& one : config_.statics) {
    wanted.push_back({.key = {.address = one.address, .vlan = one.vlan, .zero = 0},
                      .word = one.mac,
                      .prefix_bits = one.prefix_bits,
                      .announceable = true,
                      .settings = Settings{.nsid = AddressCandidates::kStaticNsid},
                      .netns = "static",
                      .interface = "-"});
  }
  const auto same_key = [](const Desired& a, const Desired& b) {
    return !KeyLess{}(a.key, b.key) && !KeyLess{}(b.key, a.key);
  };
  // A static endpoint that stays keeps its index, and with it its place in the order of arrival.
  for (std::size_t i = 0; i < statics_.size(); ++i) {
    const auto& old = statics_[i];
    const auto at = std::ranges::find_if(wanted, [&](const Desired& one) { return same_key(old, one); });
    mark_due(AddressCandidates::kStaticNsid, old.key, heard_at);
    if (at != wanted.end()) {
      statics_[i] = *at;
      wanted.erase(at);
    } else {
      candidates_.leave(old.key, who(i));
    }
  }
  for (auto& one : wanted) {
    candidates_.arrive(one.key, who(statics_.size()), heard_at);
    mark_due(AddressCandidates::kStaticNsid, one.key, heard_at);
    statics_.push_back(std::move(one));
  }
}

// Silences the endpoints that are no longer true before all else, because the rest may take a while.
void EndpointRegistry::take_changes(const Population::Changes& changes, Instant heard_at) {
  const bool long_work = changes.went.size() + changes.altered.size() > kAtOnce || !due_.empty();
  for (const auto& [key, who] : changes.went) {
    if (long_work) table_.silence(key, who);
    candidates_.leave(key, who);
    stop_waiting(key);
    mark_due(who.nsid, key, heard_at);
  }
  for (const auto& [key, who] : changes.altered) {
    if (long_work) table_.silence(key, who);
    candidates_.heard(key, who, heard_at);
    mark_due(who.nsid, key, heard_at);
  }
  for (const auto& [key, who] : changes.adjusted) {
    candidates_.heard(key, who, heard_at);
    mark_due(who.nsid, key, heard_at);
  }
  for (const auto& [key, who] : changes.came) {
    candidates_.arrive(key, who, heard_at);
    mark_due(who.nsid, key, heard_at);
  }
}

// Counts an entry of the table for the namespace that has it.
void EndpointRegistry::count_held(const arpl_endpoint_key& key, int by) {
  const auto at = table_.entries().find(key);
  if (at == table_.entries().end() || !at->second.desired.settings) return;
  const auto nsid = at->second.desired.settings->nsid;
  if (by > 0) {
    ++held_[nsid];
  } else if (const auto held = held_.find(nsid); held != held_.end() && --held->second == 0) {
    held_.erase(held);
  }
}

std::size_t EndpointRegistry::held_of(int nsid) const {
  const auto at = held_.find(nsid);
  return at == held_.end() ? 0 : at->second;
}

std::size_t EndpointRegistry::may_take(int nsid) const {
  const auto held = held_of(nsid);
  const auto room = table_.room();
  const auto left_of = [held](std::size_t share) { return held < share ? share - held : 0; };
  const auto beyond_reserve = room > kReserve ? room - kReserve : 0;
  return std::max(std::min(beyond_reserve, left_of(kShare)), std::min(room, left_of(kFew)));
}

void EndpointRegistry::settle_key(const arpl_endpoint_key& key, Table::Changes& changes) {
  auto desired = resolve(key);
  const bool is_new = !table_.entries().contains(key);
  if (desired && is_new) {
    const auto nsid = desired->settings->nsid;
    if (may_take(nsid) == 0) {
      waiting_[nsid].insert(key);
      ++changes.refused;
      return;
    }
  }
  count_held(key, -1);
  if (!table_.apply(TableUpdate{key, std::move(desired)}, changes) && candidates_.has(key)) {
    const auto who = candidates_.of(key).front();
    waiting_[who.nsid].insert(key);
  }
  count_held(key, +1);
}

void EndpointRegistry::stop_waiting(const arpl_endpoint_key& key) {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    at->second.erase(key);
    at = at->second.empty() ? waiting_.erase(at) : std::next(at);
  }
}

// Makes as many waiting keys due as there is room for.
void EndpointRegistry::wake_waiting() {
  auto room = table_.room();
  for (auto at = waiting_.begin(); at != waiting_.end() && room > 0;) {
    auto may = std::min(room, may_take(at->first));
    room -= std::min(room, std::min(may, at->second.size()));
    for (; may > 0 && !at->second.empty(); --may) {
      mark_due(at->first, *at->second.begin(), Clock::now());
      at->second.erase(at->second.begin());
    }
    at = at->second.empty() ? waiting_.erase(at) : std::next(at);
  }
}

Table::Changes EndpointRegistry::go_on() {
  Table::Changes changes;
  for (const auto& [nsid, key] : due_.take(kAtOnce)) settle_key(key, changes);
  room_came_ = room_came_ || !changes.withdrawn.empty();
  if (due_.empty() && std::exchange(room_came_, false)) wake_waiting();
  return changes;
}

Table::Changes EndpointRegistry::start(const ParentConfig& config, const Snapshot& snapshot) {
  config_ = config;
  host_ = snapshot.host;
  std::map<int, std::vector<Interface>> children;
  for (const auto& child : snapshot.interfaces) children[child.netns.nsid].push_back(child);
  std::set<Mac> macs;
  for (auto& [nsid, some] : children) {
    take_changes(population_.replace(nsid, std::move(some)), kNoTime);
    count_macs(nsid, 1, macs);
  }
  set_statics(kNoTime);
  set_parent(snapshot.parent);
  std::vector<Desired> wanted;
  std::map<int, std::size_t> held;
  std::size_t refused = 0;
  for (const auto& key : candidates_.keys()) {
    remember_first(key);
    auto desired = resolve(key);
    if (!desired) continue;
    auto& mine = held[desired->settings->nsid];
    if (mine++ < kShare) {
      wanted.push_back(std::move(*desired));
    } else {
      waiting_[desired->settings->nsid].insert(key);
      ++refused;
    }
  }
  due_ = {};
  auto changes = table_.reconcile(wanted);
  changes.refused += refused;
  for (const auto& [key, entry] : table_.entries()) count_held(key, +1);
  for (const auto& one : wanted)
    if (!table_.entries().contains(one.key)) waiting_[one.settings->nsid].insert(one.key);
  return changes;
}

// The interface that an earlier run answered for, recognised by its MAC, was there first.
void EndpointRegistry::remember_first(const arpl_endpoint_key& key) {
  const auto all = candidates_.of(key);
  const auto left = table_.entries().find(key);
  if (all.size() < 2 || left == table_.entries().end()) return;
  const auto word = left->second.desired.word;
  if ((word & ARPL_SLOT_FLAGS_MASK) != 0 || word == 0) return;
  for (const auto who : all) {
    const auto desired = describe(key, who);
    if (desired && (desired->word & ARPL_MAC_MASK) == word) return candidates_.mark_first(key, who);
  }
}

// Withdraws before it writes the MACs, which may throw: after an error no container may be answered for that is
// gone.
Table::Changes EndpointRegistry::update(int nsid, std::vector<Interface> children, Instant heard_at) {
  std::set<Mac> macs;
  count_macs(nsid, -1, macs);
  const auto changed = population_.replace(nsid, std::move(children));
  count_macs(nsid, 1, macs);
  take_changes(changed, heard_at);
  auto changes = go_on();
  if (changed.interfaces) write_macs(macs);
  return changes;
}

Table::Changes EndpointRegistry::choose(const ParentConfig& config, Instant now) {
  config_ = config;
  set_statics(now);
  for (const auto& key : candidates_.keys())
    for (const auto who : candidates_.of(key)) mark_due(who.nsid, key, now);
  Table::Changes changes = go_on();
  return changes;
}

Table::Changes EndpointRegistry::host_has(HostAddresses addresses, Instant heard_at) {
  const auto before = std::exchange(host_, std::move(addresses));
  for (const auto& key : candidates_.keys())
    if (before.has(key) != host_.has(key)) mark_due(candidates_.of(key).front().nsid, key, heard_at);
  return go_on();
}

bool EndpointRegistry::is_parents(Mac mac) const {
  return mac == parent_.mac || std::ranges::find(parent_.vlan_macs, mac) != parent_.vlan_macs.end();
}

void EndpointRegistry::count_macs(int nsid, int by, std::set<Mac>& touched) {
  population_.each_of(nsid, [&](const Interface& child) {
    auto& use = macs_[child.mac];
    use.children += by;
    if (child.mode == MacvlanMode::vepa) use.in_vepa += by;
    if (child.netns.own) use.in_host += by;
    if ((use.namespaces[nsid] += by) == 0) use.namespaces.erase(nsid);
    touched.insert(child.mac);
  });
}

// A MAC that several namespaces have doesn't tell them apart.
OwnMac EndpointRegistry::own_mac_of(Mac mac, const MacUse& use) const {
  const bool host = is_parents(mac) || use.in_host > 0;
  const bool one = use.namespaces.size() == 1 && !is_parents(mac);
  return {.host = host, .netns = one ? static_cast<std::uint32_t>(use.namespaces.begin()->first) + 1 : 0};
}

void EndpointRegistry::write_macs(const std::set<Mac>& touched) {
  for (const auto mac : touched) {
    const auto at = macs_.find(mac);
    if (at == macs_.end()) continue;
    const auto use = at->second;
    if (use.children <= 0) macs_.erase(at);
    // A passthru child has the parent's MAC, which stays.
    if (use.children > 0 || is_parents(mac)) {
      own_macs_.put(mac, own_mac_of(mac, use));
    } else {
      own_macs_.erase(mac);
    }
  }
}

// The parent goes first, because a passthru child has its MAC.
Owners EndpointRegistry::owners() const {
  Owners owners;
  owners.emplace(parent_.mac, Owner{.netns = {}, .interface = parent_.name});
  population_.each([&](const Interface& child) {
    owners.emplace(child.mac, Owner{.netns = child.netns.name, .interface = child.name});
  });
  return owners;
}

OwnMacTable EndpointRegistry::macs() const {
  const auto sender = [this](Mac mac, const OwnMac& own) {
    const std::uint16_t shared = own_macs_.shared().contains(mac) ? 1 : 0;
    return arpl_sender{.host = static_cast<__u16>(own.host ? 1 : 0), .shared = shared, .netns = own.netns};
  };
  OwnMacTable macs;
  macs.emplace(parent_.mac, sender(parent_.mac, {.host = true}));
  for (const auto mac : parent_.vlan_macs) macs.emplace(mac, sender(mac, {.host = true}));
  for (const auto& [mac, use] : macs_) macs.emplace(mac, sender(mac, own_mac_of(mac, use)));
  return macs;
}

// A claim that was sent on this host comes from no other station, even if its interface has not been found yet.
// A claim from the wire with a MAC of ours comes from another station, except where the switch sends this
// host's frames back.
ClaimOrigin EndpointRegistry::claim_origin_of(const arpl_event& claim) const {
  if (is_parents(claim.mac)) return ClaimOrigin::host;
  const auto* use = use_of(claim.mac);
  if (use != nullptr && use->in_host > 0) return ClaimOrigin::host;
  const bool ours = claim.type != ARPL_EVENT_CLAIM_FROM_WIRE || comes_back(claim.mac);
  return ours ? ClaimOrigin::sibling : ClaimOrigin::elsewhere;
}

const EndpointRegistry::MacUse* EndpointRegistry::use_of(Mac mac) const {
  const auto at = macs_.find(mac);
  return at == macs_.end() ? nullptr : &at->second;
}

bool EndpointRegistry::is_no_claim(const arpl_event& claim) const {
  const auto* use = use_of(claim.mac);
  if (use == nullptr || use->namespaces.size() != 1 || is_parents(claim.mac)) return false;
  const auto at = table_.entries().find({.address = claim.address, .vlan = claim.vlan, .zero = 0});
  return at != table_.entries().end() && at->second.desired.settings &&
         at->second.desired.settings->nsid == use->namespaces.begin()->first;
}

Owner EndpointRegistry::owner_of(Mac mac) const {
  Owner owner;
  if (mac == parent_.mac) owner.interface = parent_.name;
  if (!owner.interface.empty() || use_of(mac) == nullptr) return owner;
  population_.each([&](const Interface& child) {
    if (child.mac == mac && owner.interface.empty())
      owner = {.netns = child.netns.name, .interface = child.name};
  });
  return owner;
}

// A frame with an address of the MAC's own container is the container's own, brought back by a loop.
bool EndpointRegistry::on_own_mac(const arpl_event& event) {
  const auto* use = use_of(event.mac);
  if (use == nullptr || event.address == 0 || is_parents(event.mac) || shared().contains(event.mac))
    return false;
  for (const auto& [nsid, count] : use->namespaces) {
    bool its_own = false;
    population_.each_of(nsid, [&](const Interface& child) {
      its_own = its_own || std::ranges::find(child.addresses, event.address, &InterfaceAddress::address) !=
                               child.addresses.end();
    });
    if (its_own) return false;
  }
  own_macs_.share(event.mac);
  return shared().contains(event.mac);
}

bool EndpointRegistry::comes_back(Mac mac) const {
  const auto* use = use_of(mac);
  return use != nullptr && use->in_vepa > 0;
}

void EndpointRegistry::set_parent(const ParentLink& parent) {
  parent_ = parent;
  std::map<Mac, OwnMac> all;
  for (const auto& [mac, use] : macs_)
    if (use.children > 0) all.emplace(mac, own_mac_of(mac, use));
  for (const auto mac : parent.vlan_macs) all.insert_or_assign(mac, OwnMac{.host = true});
  all.insert_or_assign(parent.mac, OwnMac{.host = true});
  own_macs_.set(all);
}

std::map<ForeignText, std::size_t> EndpointRegistry::waiting() const {
  std::map<ForeignText, std::size_t> all;
  for (const auto& [nsid, keys] : waiting_) {
    ForeignText name = nsid == AddressCandidates::kStaticNsid ? "static" : "";
    population_.each_of(nsid, [&](const Interface& child) { name = child.netns.name; });
    all[name] += keys.size();
  }
  return all;
}

}  // namespace arpline
