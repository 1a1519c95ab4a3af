// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "endpoints/classify.hpp"

namespace arpline {

enum class InterfaceEventKind {
  appeared,
  link_up,
  link_down,
  carrier_back,
  carrier_lost,
  address_added,
  address_removed,
  mac_changed,
  renamed,
  moved,
  deleted,
  netns_destroyed
};

/// One thing that befell an interface, or a whole namespace.
struct InterfaceEvent {
  std::uint64_t at = 0;  ///< when it was heard, nanoseconds of CLOCK_MONOTONIC
  int nsid = -1;
  int ifindex = 0;  ///< 0: all of the namespace's
  InterfaceEventKind what = InterfaceEventKind::appeared;
  Ipv4 address = 0;  ///< of address_added and address_removed
};

/// "link down", "address 10.0.0.5 removed"
std::string describe(const InterfaceEvent& event);

/// What is known of an endpoint that is no more.
struct Tombstone {
  ForeignText parent;
  arpl_endpoint_key key{};
  std::uint8_t prefix_bits = 0;
  Mac mac = 0;
  ForeignText netns;
  ForeignText interface;
  Settings settings;
  std::uint64_t gone_at = 0;
  std::optional<std::uint64_t> up_at;  ///< since when it was up with this address; none: since before the start
  std::vector<InterfaceEvent> trail;   ///< in the order in which it was heard
};

/// "address removed 3.2 s after up"; "no longer found" when nothing was heard.
std::string reason_of(const Tombstone& tombstone);

/// Remembers what befell the living interfaces, and for a while what became of the endpoints that vanished.
/// Pure: time is a value. Bounded, and what is too much goes on the account of the namespace that has the most:
/// none pushes out what is known of the others.
class History {
 public:
  static constexpr std::size_t kMostTombstones = 1024;
  static constexpr std::size_t kMostInterfaces = 65536;
  static constexpr std::size_t kMostInterfacesOfNetns = 4096;
  static constexpr std::size_t kMostEvents = 8;     ///< of a living interface
  static constexpr std::size_t kLongestTrail = 16;  ///< of a tombstone
  static constexpr std::uint64_t kAftermathNs =
      60ULL * 1'000'000'000ULL;  ///< what comes later is another story

  void on(const InterfaceEvent& event);
  /// The endpoint is no longer answered for.
  const Tombstone& gone(const ForeignText& parent, const Desired& endpoint, std::uint64_t now);
  /// The parent has another name now, and its tombstones with it.
  void rename(const ForeignText& before, const ForeignText& after);
  /// Forgets the living of interfaces and namespaces that have ended; after gone() was called for their
  /// endpoints.
  void bury();

  /// What befell a living interface lately, in the order in which it was heard.
  std::vector<InterfaceEvent> life_of(const Settings& settings) const;

  /// The newest last.
  const std::list<Tombstone>& tombstones() const noexcept { return tombstones_; }

 private:
  using Id = std::pair<int, int>;  // nsid, ifindex

  void make_room();
  void begin_life(const Id& id);

  std::map<Id, std::deque<InterfaceEvent>> living_;
  std::vector<Id> ended_;
  std::list<Tombstone> tombstones_;
  std::map<int, std::deque<std::list<Tombstone>::iterator>> of_netns_;  // by nsid, the newest last
  std::map<int, std::size_t> living_of_netns_;
};

}  // namespace arpline
