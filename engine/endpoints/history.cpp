// SPDX-License-Identifier: Apache-2.0
#include "endpoints/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace arpline {
namespace {

constexpr std::uint64_t kSameActNs = 100'000'000;

bool ends_interface(Happened what) {
  return what == Happened::deleted || what == Happened::moved || what == Happened::netns_destroyed;
}

// Whether it took the address away, and not only the link from under it.
bool took_away(const Happening& happening, Ipv4 address) {
  return ends_interface(happening.what) ||
         (happening.what == Happened::address_removed && happening.address == address);
}

bool brought_up(const Happening& happening, Ipv4 address) {
  return happening.what == Happened::link_up ||
         (happening.what == Happened::address_added && happening.address == address);
}

bool concerns(const Happening& happening, const Settings& settings) {
  return happening.nsid == settings.nsid && (happening.ifindex == 0 || happening.ifindex == settings.ifindex);
}

const char* words(Happened what) {
  switch (what) {
    case Happened::appeared:
      return "interface found";
    case Happened::link_up:
      return "link up";
    case Happened::link_down:
      return "link down";
    case Happened::carrier_back:
      return "carrier back";
    case Happened::carrier_lost:
      return "carrier lost";
    case Happened::address_added:
      return "address added";
    case Happened::address_removed:
      return "address removed";
    case Happened::mac_changed:
      return "MAC changed";
    case Happened::renamed:
      return "interface renamed";
    case Happened::moved:
      return "moved to another namespace";
    case Happened::deleted:
      return "interface deleted";
    case Happened::netns_destroyed:
      break;
  }
  return "namespace destroyed";
}

}  // namespace

std::string describe(const Happening& happening) {
  if (happening.address == 0) return words(happening.what);
  return fmt::format("address {} {}", format_ipv4(happening.address),
                     happening.what == Happened::address_added ? "added" : "removed");
}

std::string reason_of(const Tombstone& tombstone) {
  const auto first = std::ranges::find_if(
      tombstone.trail, [&](const Happening& one) { return took_away(one, tombstone.key.address); });
  if (first == tombstone.trail.end()) return "no longer found";
  // The kernel removes the addresses of an interface just before the interface.
  const auto end = std::find_if(first, tombstone.trail.end(), [&](const Happening& one) {
    return ends_interface(one.what) && one.at - first->at < kSameActNs;
  });
  const auto cause = end != tombstone.trail.end() ? end : first;
  if (!tombstone.up_at || *tombstone.up_at > cause->at) return words(cause->what);
  return fmt::format("{} {:.1f} s after up", words(cause->what),
                     static_cast<double>(cause->at - *tombstone.up_at) / 1e9);
}

void History::on(const Happening& happening) {
  if (const auto its = of_netns_.find(happening.nsid); its != of_netns_.end()) {
    for (auto left = its->second.size(); left > 0; --left) {  // the newest first
      auto& tombstone = *its->second[left - 1];
      if (happening.at > tombstone.gone_at + kAftermathNs) break;
      if (concerns(happening, tombstone.settings) && tombstone.trail.size() < kLongestTrail)
        tombstone.trail.push_back(happening);
    }
  }
  const Id first{happening.nsid, happening.ifindex};
  if (happening.ifindex != 0) begin_life(first);
  for (auto it = living_.lower_bound(first); it != living_.end() && it->first.first == happening.nsid &&
                                             (happening.ifindex == 0 || it->first.second == happening.ifindex);
       ++it) {
    it->second.push_back(happening);
    if (it->second.size() > kMostHappenings) it->second.pop_front();
    if (ends_interface(happening.what)) ended_.push_back(it->first);
  }
}

const Tombstone& History::gone(const ForeignText& parent, const Desired& endpoint, std::uint64_t now) {
  Tombstone tombstone{.parent = parent,
                      .key = endpoint.key,
                      .prefix_bits = endpoint.prefix_bits,
                      .mac = endpoint.word & ARPL_MAC_MASK,
                      .netns = endpoint.netns,
                      .interface = endpoint.interface,
                      .settings = endpoint.settings.value_or(Settings{}),
                      .gone_at = now};
  if (const auto at = living_.find({tombstone.settings.nsid, tombstone.settings.ifindex});
      at != living_.end()) {
    const auto& life = at->second;
    const auto up = std::find_if(life.rbegin(), life.rend(),
                                 [&](const Happening& one) { return brought_up(one, endpoint.key.address); });
    if (up != life.rend()) tombstone.up_at = up->at;
    tombstone.trail.assign(up.base(), life.end());
  }
  tombstones_.push_back(std::move(tombstone));
  of_netns_[tombstones_.back().settings.nsid].push_back(std::prev(tombstones_.end()));
  if (tombstones_.size() > kMostTombstones) make_room();
  return tombstones_.back();
}

// The oldest of the namespace that has the most.
void History::make_room() {
  const auto most =
      std::ranges::max_element(of_netns_, {}, [](const auto& entry) { return entry.second.size(); });
  tombstones_.erase(most->second.front());
  most->second.pop_front();
  if (most->second.empty()) of_netns_.erase(most);
}

void History::begin_life(const Id& id) {
  if (living_.contains(id) || living_.size() >= kMostInterfaces) return;
  auto& its = living_of_netns_[id.first];
  if (its >= kMostInterfacesOfNetns) return;
  ++its;
  living_[id];
}

std::vector<Happening> History::life_of(const Settings& settings) const {
  const auto at = living_.find({settings.nsid, settings.ifindex});
  if (at == living_.end()) return {};
  return {at->second.begin(), at->second.end()};
}

void History::rename(const ForeignText& before, const ForeignText& after) {
  for (auto& tombstone : tombstones_)
    if (tombstone.parent == before) tombstone.parent = after;
}

void History::bury() {
  for (const auto& id : ended_) {
    if (living_.erase(id) == 0) continue;
    const auto its = living_of_netns_.find(id.first);
    if (its != living_of_netns_.end() && --its->second == 0) living_of_netns_.erase(its);
  }
  ended_.clear();
}

}  // namespace arpline
