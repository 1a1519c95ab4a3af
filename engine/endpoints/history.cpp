// SPDX-License-Identifier: Apache-2.0
#include "endpoints/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace arpline {
namespace {

constexpr Duration kSameCause = 100ms;

bool ends_interface(InterfaceEventKind what) {
  return what == InterfaceEventKind::deleted || what == InterfaceEventKind::moved ||
         what == InterfaceEventKind::netns_destroyed;
}

// Whether the event removed the address, not only the link below it.
bool took_away(const InterfaceEvent& event, Ipv4 address) {
  return ends_interface(event.what) ||
         (event.what == InterfaceEventKind::address_removed && event.address == address);
}

bool brought_up(const InterfaceEvent& event, Ipv4 address) {
  return event.what == InterfaceEventKind::link_up ||
         (event.what == InterfaceEventKind::address_added && event.address == address);
}

bool concerns(const InterfaceEvent& event, const Settings& settings) {
  return event.nsid == settings.nsid && (event.ifindex == 0 || event.ifindex == settings.ifindex);
}

const char* text_of(InterfaceEventKind what) {
  switch (what) {
    case InterfaceEventKind::appeared:
      return "interface found";
    case InterfaceEventKind::link_up:
      return "link up";
    case InterfaceEventKind::link_down:
      return "link down";
    case InterfaceEventKind::carrier_back:
      return "carrier back";
    case InterfaceEventKind::carrier_lost:
      return "carrier lost";
    case InterfaceEventKind::address_added:
      return "address added";
    case InterfaceEventKind::address_removed:
      return "address removed";
    case InterfaceEventKind::mac_changed:
      return "MAC changed";
    case InterfaceEventKind::renamed:
      return "interface renamed";
    case InterfaceEventKind::moved:
      return "moved to another namespace";
    case InterfaceEventKind::deleted:
      return "interface deleted";
    case InterfaceEventKind::netns_destroyed:
      break;
  }
  return "namespace destroyed";
}

}  // namespace

std::string describe(const InterfaceEvent& event) {
  if (event.address == 0) return text_of(event.what);
  return fmt::format("address {} {}", format_ipv4(event.address),
                     event.what == InterfaceEventKind::address_added ? "added" : "removed");
}

std::string reason_of(const Tombstone& tombstone) {
  const auto first = std::ranges::find_if(
      tombstone.trail, [&](const InterfaceEvent& one) { return took_away(one, tombstone.key.address); });
  if (first == tombstone.trail.end()) return "no longer found";
  // The kernel removes an interface's addresses just before the interface, and the interface's end is the
  // cause.
  const auto end = std::find_if(first, tombstone.trail.end(), [&](const InterfaceEvent& one) {
    return ends_interface(one.what) && one.at - first->at < kSameCause;
  });
  const auto cause = end != tombstone.trail.end() ? end : first;
  if (!tombstone.up_at || *tombstone.up_at > cause->at) return text_of(cause->what);
  return fmt::format("{} {:.1f} s after up", text_of(cause->what), in_seconds(cause->at - *tombstone.up_at));
}

void History::on(const InterfaceEvent& event) {
  if (const auto its = tombstones_of_netns_.find(event.nsid); its != tombstones_of_netns_.end()) {
    for (auto left = its->second.size(); left > 0; --left) {  // newest first
      auto& tombstone = *its->second[left - 1];
      if (event.at > tombstone.gone_at + kAftermath) break;
      if (concerns(event, tombstone.settings) && tombstone.trail.size() < kLongestTrail)
        tombstone.trail.push_back(event);
    }
  }
  const Id first{event.nsid, event.ifindex};
  if (event.ifindex != 0) add_interface(first);
  for (auto it = events_.lower_bound(first); it != events_.end() && it->first.first == event.nsid &&
                                             (event.ifindex == 0 || it->first.second == event.ifindex);
       ++it) {
    it->second.push_back(event);
    if (it->second.size() > kMostEvents) it->second.pop_front();
    if (ends_interface(event.what)) ended_.push_back(it->first);
  }
}

const Tombstone& History::gone(const ForeignText& parent, const Desired& endpoint, Instant now) {
  Tombstone tombstone{.parent = parent,
                      .key = endpoint.key,
                      .prefix_bits = endpoint.prefix_bits,
                      .mac = endpoint.word & ARPL_MAC_MASK,
                      .netns = endpoint.netns,
                      .interface = endpoint.interface,
                      .settings = endpoint.settings.value_or(Settings{}),
                      .gone_at = now};
  if (const auto at = events_.find({tombstone.settings.nsid, tombstone.settings.ifindex});
      at != events_.end()) {
    const auto& events = at->second;
    const auto up = std::find_if(events.rbegin(), events.rend(), [&](const InterfaceEvent& one) {
      return brought_up(one, endpoint.key.address);
    });
    if (up != events.rend()) tombstone.up_at = up->at;
    tombstone.trail.assign(up.base(), events.end());
  }
  tombstones_.push_back(std::move(tombstone));
  tombstones_of_netns_[tombstones_.back().settings.nsid].push_back(std::prev(tombstones_.end()));
  if (tombstones_.size() > kMostTombstones) make_room();
  return tombstones_.back();
}

// Evicts the oldest tombstone of the namespace that has the most.
void History::make_room() {
  const auto most =
      std::ranges::max_element(tombstones_of_netns_, {}, [](const auto& entry) { return entry.second.size(); });
  tombstones_.erase(most->second.front());
  most->second.pop_front();
  if (most->second.empty()) tombstones_of_netns_.erase(most);
}

void History::add_interface(const Id& id) {
  if (events_.contains(id) || events_.size() >= kMostInterfaces) return;
  auto& its = interfaces_of_netns_[id.first];
  if (its >= kMostInterfacesOfNetns) return;
  ++its;
  events_[id];
}

std::vector<InterfaceEvent> History::life_of(const Settings& settings) const {
  const auto at = events_.find({settings.nsid, settings.ifindex});
  if (at == events_.end()) return {};
  return {at->second.begin(), at->second.end()};
}

void History::rename(const ForeignText& before, const ForeignText& after) {
  for (auto& tombstone : tombstones_)
    if (tombstone.parent == before) tombstone.parent = after;
}

void History::bury() {
  for (const auto& id : ended_) {
    if (events_.erase(id) == 0) continue;
    const auto its = interfaces_of_netns_.find(id.first);
    if (its != interfaces_of_netns_.end() && --its->second == 0) interfaces_of_netns_.erase(its);
  }
  ended_.clear();
}

}  // namespace arpline
