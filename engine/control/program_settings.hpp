// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "control/filter_rotation.hpp"
#include "control/limits.hpp"
#include "control/neighbour_room.hpp"
#include "control/parent_state.hpp"

namespace arpline {

/// The only writer of the `limits` map: the budgets and switches of a parent's programs, and which part of each
/// filter they ask.
class ProgramSettings {
 public:
  /// Adopts the content that an earlier run left in `map` and `filter`. `state`, `map` and `filter` outlive it.
  ProgramSettings(const ParentState& state, arpl_limits& map, std::span<std::uint64_t> filter, Instant now);

  /// The limits in force: the configured ones until set_limits().
  const Limits& limits() const noexcept { return limits_; }
  /// Applies other limits with the next write().
  void set_limits(const Limits& limits) { limits_ = limits; }
  /// How the budgets that make neighbours fit into the neighbour table.
  const NeighbourFit& neighbour_fit() const noexcept { return fit_; }

  /// Writes the map; fills in which parts of the filters are asked. `room`: the parent's share of the neighbour
  /// table, in entries in any 5 s; nullopt: not known.
  void write(Switches switches, std::optional<std::uint64_t> room);

  /// Switches each filter to its other part after a whole period. Every second. `write` has to call write(), so
  /// that the programs ask the other part before this one is cleared.
  void rotate_filters(Instant now, const std::function<void()>& write);
  /// Every second. Without room for an entry the kernel doesn't answer (net/core/neighbour.c), so the programs
  /// are told when the table was last full. True when the budgets' fit has changed: write() is due.
  bool follow_neighbours(Instant full_at, std::optional<std::uint64_t> room);

 private:
  struct Filter {
    FilterRotation rotation;
    Duration period;  // 0: the configuration's pair_ttl
  };
  enum { pairs, heard, announced };

  NeighbourFit fit(arpl_limits& limits, std::optional<std::uint64_t> room) const;

  const ParentState& state_;
  arpl_limits& map_;
  Limits limits_;
  NeighbourFit fit_;
  std::array<Filter, 3> filters_;
};

/// The settings that depend on the parent. `tags_hidden`: its NIC strips tags; `fast_path`: configured, and
/// works.
Switches switches_of(const ParentState& state, bool tags_hidden, bool fast_path);

}  // namespace arpline
