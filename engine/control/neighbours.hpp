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

/// The neighbour table of the host, which all parents and all containers share: how full it is, who fills it,
/// and which part of its room a parent may use.
class Neighbours {
 public:
  /// `watch` outlives it.
  Neighbours(std::string run_root, const NetnsMonitor& watch);

  /// Once a second. Says so in the log when the table becomes full, and who holds it.
  void look(std::uint64_t now);
  /// How many parents share the room: all that an arplined with this run_root serves now, whichever it is.
  void count_parents();

  /// The part of one parent, as they share it equally, in entries in any 5 s; none: the kernel does not tell.
  std::optional<std::uint64_t> room_of_a_parent() const noexcept;
  /// When it was last seen to be full, for arpl_limits.neigh_full_ns; 0: never.
  std::uint64_t full_at() const noexcept { return pressure_.full_at(); }
  /// One sentence while it is full; otherwise empty.
  std::string warning() const;
  /// For the status of a parent whose budgets are scaled so; none: the kernel does not tell.
  std::optional<NeighboursStatus> status(const NeighbourFit& fit) const;

 private:
  void take_census(std::uint64_t now, bool became_full);
  void tell();

  static constexpr std::uint64_t kEveryNs = 5'000'000'000;

  std::string run_root_;
  const NetnsMonitor& watch_;
  Netlink route_;
  std::optional<NeighbourTable> table_;
  NeighbourPressure pressure_;
  NeighbourCensus census_;
  std::size_t parents_ = 1;
  bool full_ = false;
  bool untold_ = false;  // that it is full, until it is known who holds it
  bool told_ = false;
};

}  // namespace arpline
