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

/// A change of an interface or of a whole namespace.
struct InterfaceEvent {
  Instant at = kNoTime;  ///< arrival of the netlink message
  int nsid = -1;
  int ifindex = 0;  ///< 0: all interfaces of the namespace
  InterfaceEventKind what = InterfaceEventKind::appeared;
  Ipv4 address = 0;  ///< of address_added and address_removed
};

/// For people: "link down", "address 10.0.0.5 removed".
std::string describe(const InterfaceEvent& event);

/// The record of an endpoint that is gone.
struct Tombstone {
  ForeignText parent;
  arpl_endpoint_key key{};
  std::uint8_t prefix_bits = 0;
  Mac mac = 0;
  ForeignText netns;
  ForeignText interface;
  Settings settings;
  Instant gone_at = kNoTime;
  std::optional<Instant> up_at;  ///< since when it was up with this address; nullopt: since before it was found
  std::vector<InterfaceEvent> trail;  ///< oldest first
};

/// For people: "address removed 3.2 s after up"; "no longer found" when no event explains it.
std::string reason_of(const Tombstone& tombstone);

/// The last events of each interface, and a tombstone for each endpoint that has gone, so that status and `why`
/// can say why it stopped to be reachable. Pure: time is a value. Bounded; when a bound is reached the
/// namespace with the most entries loses some, so that no container can push out the records of others.
class History {
 public:
  static constexpr std::size_t kMostTombstones = 1024;
  static constexpr std::size_t kMostInterfaces = 65536;
  static constexpr std::size_t kMostInterfacesOfNetns = 4096;
  static constexpr std::size_t kMostEvents = 8;     ///< of an interface that exists
  static constexpr std::size_t kLongestTrail = 16;  ///< of a tombstone
  static constexpr Duration kAftermath = 60s;       ///< later events are not added to a tombstone

  void on(const InterfaceEvent& event);
  /// The endpoint is gone; returns its new tombstone.
  const Tombstone& gone(const ForeignText& parent, const Desired& endpoint, Instant now);
  /// Renames the parent in its tombstones.
  void rename(const ForeignText& before, const ForeignText& after);
  /// Forgets the events of interfaces and namespaces that are gone. Call gone() for their endpoints first.
  void bury();

  /// The last events of an interface that exists, oldest first.
  std::vector<InterfaceEvent> life_of(const Settings& settings) const;

  /// Oldest first.
  const std::list<Tombstone>& tombstones() const noexcept { return tombstones_; }

 private:
  using Id = std::pair<int, int>;  // nsid, ifindex

  void make_room();
  void add_interface(const Id& id);

  std::map<Id, std::deque<InterfaceEvent>> events_;
  std::vector<Id> ended_;
  std::list<Tombstone> tombstones_;
  std::map<int, std::deque<std::list<Tombstone>::iterator>> tombstones_of_netns_;  // by nsid, oldest first
  std::map<int, std::size_t> interfaces_of_netns_;
};

}  // namespace arpline
