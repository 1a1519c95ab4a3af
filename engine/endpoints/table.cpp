// SPDX-License-Identifier: Apache-2.0
#include "endpoints/table.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "base/shared_word.hpp"

namespace arpline {
namespace {

arpl_endpoint make_value(std::uint32_t slot, const Desired& wanted) {
  arpl_endpoint value{.slot = slot, .prefix_bits = wanted.prefix_bits, .zero = {}, .dotted = {}};
  std::memcpy(value.dotted, &wanted.key.address, sizeof value.dotted);
  return value;
}

// For arpl_endpoint_stats.netns: nsid + 1, 0 when there is none.
__u32 netns_number(const Desired& wanted) {
  return wanted.settings && wanted.settings->nsid >= 0 ? static_cast<__u32>(wanted.settings->nsid) + 1 : 0;
}

}  // namespace

Table::Table(std::span<arpl_slot> slots, std::span<arpl_endpoint_stats> stats, Index index, EndpointMap& map)
    : slots_(slots), stats_(stats), index_(std::move(index)), map_(map) {
  std::vector<bool> taken(slots.size());
  for (const auto& [key, value] : map_.all()) {
    if (value.slot >= slots.size() || taken[value.slot]) {
      map_.erase(key);
      continue;
    }
    taken[value.slot] = true;
    Entry entry{.slot = value.slot, .desired = {}};
    entry.desired.key = key;
    entry.desired.word = slots_[value.slot].word;
    entry.desired.prefix_bits = value.prefix_bits;
    entries_.emplace(key, entry);
    key_of_slot_.emplace(value.slot, key);
  }
  adopt_index();
  for (std::uint32_t slot = 0; slot < slots.size(); ++slot) {
    if (!taken[slot]) free_.push_back(slot);
    last_generation_ = std::max<std::uint32_t>(last_generation_, slots_[slot].generation);
  }
}

// Correct cells of an earlier run are kept, because the programs use them at this moment.
void Table::adopt_index() {
  index_.keep([this](const arpl_endpoint_key& key, std::uint32_t slot) {
    const auto it = entries_.find(key);
    return it != entries_.end() && it->second.slot == slot;
  });
  for (const auto& [key, entry] : entries_) index_.put(key, entry.slot);
}

const Table::Entry* Table::find_slot(std::uint32_t slot) const {
  const auto key = key_of_slot_.find(slot);
  return key == key_of_slot_.end() ? nullptr : &entries_.at(key->second);
}

void Table::bump_generation(std::uint32_t slot) {
  publish(slots_[slot].generation, ++last_generation_);
}

void Table::withdraw_slot(std::uint32_t slot) {
  publish(slots_[slot].word, 0);
  bump_generation(slot);
}

// The generation is written before the word, so that a reader of the new word finds the pairs of the old one
// stale.
void Table::write_slot(std::uint32_t slot, const Desired& wanted) {
  auto& s = slots_[slot];
  bump_generation(slot);
  publish(s.confirmed_at, 0);
  publish(s.unanswered, 0);
  publish(s.unanswered_at, 0);
  // A claim by the endpoint's new MAC was the change itself, heard before netlink reported it.
  if (stats_[slot].last_claimant_mac == (wanted.word & ARPL_MAC_MASK)) publish(s.claimed_at, 0);
  write_attributes(slot, wanted);
  publish(s.word, wanted.word);
}

void Table::write_attributes(std::uint32_t slot, const Desired& wanted) {
  auto& s = slots_[slot];
  publish(s.netmask, netmask(wanted.prefix_bits));
  publish(s.flags, wanted.slow ? ARPL_FLAG_SLOW : 0);
  publish(stats_[slot].netns, netns_number(wanted));
}

bool Table::add(const Desired& wanted, Changes& changes) {
  if (free_.empty()) {
    ++changes.refused;
    return false;
  }
  const auto slot = free_.front();
  // Published before the slot's word is written: until then a lookup finds a withdrawn slot.
  if (!map_.put(wanted.key, make_value(slot, wanted))) {
    ++changes.refused;
    return false;
  }
  free_.pop_front();
  stats_[slot] = {};
  publish(slots_[slot].claimed_at, 0);
  publish(slots_[slot].reflected, 0);
  write_slot(slot, wanted);
  index_.put(wanted.key, slot);
  const Entry entry{.slot = slot, .desired = wanted};
  entries_.emplace(wanted.key, entry);
  key_of_slot_[slot] = wanted.key;
  changes.added.push_back(entry);
  return true;
}

void Table::update(Entry& entry, const Desired& wanted, Changes& changes) {
  const auto before = entry.desired;
  entry.desired = wanted;
  if (before.prefix_bits != wanted.prefix_bits) {
    map_.put(wanted.key, make_value(entry.slot, wanted));
  }
  write_attributes(entry.slot, wanted);
  if (before.also_at != wanted.also_at && before.word == wanted.word) changes.also_at.push_back(entry);
  // slots_[…].word is 0 after silence().
  if (before.word != wanted.word || slots_[entry.slot].word != wanted.word) {
    withdraw_slot(entry.slot);
    write_slot(entry.slot, wanted);
    changes.added.push_back(entry);
    changes.withdrawn.push_back({.slot = entry.slot, .desired = before});
  } else if (before.settings && before.settings != wanted.settings) {
    write_slot(entry.slot, wanted);
    changes.reconfigured.push_back(entry);
  }
}

Table::Entries::iterator Table::remove(Entries::iterator entry, Changes& changes) {
  const auto slot = entry->second.slot;
  withdraw_slot(slot);
  index_.erase(entry->first);
  map_.erase(entry->first);
  free_.push_back(slot);
  key_of_slot_.erase(slot);
  changes.withdrawn.push_back(std::move(entry->second));
  return entries_.erase(entry);
}

bool Table::put(const Desired& wanted, Changes& changes) {
  const auto it = entries_.find(wanted.key);
  if (it == entries_.end()) return add(wanted, changes);
  update(it->second, wanted, changes);
  return true;
}

bool Table::apply(const TableUpdate& update, Changes& changes) {
  if (update.second) return put(*update.second, changes);
  if (const auto it = entries_.find(update.first); it != entries_.end()) remove(it, changes);
  return true;
}

void Table::silence(const arpl_endpoint_key& key, InterfaceId who) {
  const auto it = entries_.find(key);
  if (it == entries_.end() || !it->second.desired.settings) return;
  const auto& settings = *it->second.desired.settings;
  if (settings.nsid == who.nsid && settings.ifindex == who.ifindex) withdraw_slot(it->second.slot);
}

Table::Changes Table::reconcile(const std::vector<Desired>& wanted) {
  Changes changes;
  std::set<arpl_endpoint_key, KeyLess> present;
  for (const auto& w : wanted) present.insert(w.key);
  for (auto it = entries_.begin(); it != entries_.end();) {
    it = present.contains(it->first) ? std::next(it) : remove(it, changes);
  }
  for (const auto& w : wanted) put(w, changes);
  return changes;
}

// Withdrawals first: they are urgent, and they free slots.
Table::Changes Table::apply(std::span<const TableUpdate> updates) {
  Changes changes;
  for (const auto& update : updates)
    if (!update.second) apply(update, changes);
  for (const auto& update : updates)
    if (update.second) apply(update, changes);
  return changes;
}

}  // namespace arpline
