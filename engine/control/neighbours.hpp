// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/neighbour_census.hpp"
#include "control/neighbour_room.hpp"
#include "discovery/netns_monitor.hpp"
#include "kernel/neighbours.hpp"
#include "kernel/netlink.hpp"
#include "report/status.hpp"

namespace arpline {

/// The neighbour table of the host, which all parents and all containers share: how full it is, which
/// interfaces fill it, and how much of its room a parent may use.
class Neighbours {
 public:
  /// `monitor` outlives it.
  Neighbours(std::string run_root, const NetnsMonitor& monitor);

  /// Once a second. Logs when the table becomes full, and which interfaces hold it.
  void look(Instant now);
  /// Counts the parents that share the room: all that any arplined with this run_root serves now.
  void count_parents();

  /// The room of one parent, an equal share, in entries in any 5 s; nullopt: the kernel doesn't report the
  /// table.
  std::optional<std::uint64_t> room_of_a_parent() const noexcept;
  /// When the table was last found full, for arpl_limits.neigh_full_ns; kNoTime: never.
  Instant full_at() const noexcept { return pressure_.full_at(); }
  /// One sentence while the table is full; otherwise empty.
  std::string warning() const;
  /// For the status of a parent with this fit; nullopt: the kernel doesn't report the table.
  std::optional<NeighboursStatus> status(const NeighbourFit& fit) const;

 private:
  void take_census(Instant now, bool became_full);
  void log_changes();

  static constexpr Duration kEvery = 5s;

  std::string run_root_;
  const NetnsMonitor& monitor_;
  Netlink route_;
  std::optional<NeighbourTable> table_;
  NeighbourPressure pressure_;
  NeighbourCensus census_;
  std::size_t parents_ = 1;
  bool full_ = false;
  bool unreported_ = false;  // full, but not logged until a census says who holds it
  bool reported_ = false;
};

}  // namespace arpline
