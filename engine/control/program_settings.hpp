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

/// The one writer of the `limits` map: the budgets and switches that a parent's programs go by, and which part
/// of each filter they ask.
class ProgramSettings {
 public:
  /// Adopts what an earlier run left in both, which outlive it, as `state` does.
  ProgramSettings(const ParentState& state, arpl_limits& map, std::span<std::uint64_t> filter,
                  std::uint64_t now);

  /// Those in force; the configuration's, until others are asked for.
  const Limits& limits() const noexcept { return limits_; }
  /// Others, from the next write() on.
  void set_limits(const Limits& limits) { limits_ = limits; }
  /// How the budgets that make neighbours fit into the neighbour table.
  const NeighbourFit& neighbour_fit() const noexcept { return fit_; }

  /// Into the map, with what the parent itself decides; the filters' parts are filled in here. `room`: the
  /// parent's part of the neighbour table, in entries in any 5 s; none: not known.
  void write(Switches switches, std::optional<std::uint64_t> room);

  /// Every second: what has been the other part of a filter for a whole period is asked from now on. `write`
  /// has to call write(): the programs ask the other part before this one is cleared.
  void rotate_filters(std::uint64_t now, const std::function<void()>& write);
  /// Every second. Without room for an entry the kernel does not answer (net/core/neighbour.c): the programs
  /// are told when the table was last full. True when the budgets do not fit as they did: write() is due.
  bool follow_neighbours(std::uint64_t full_at, std::optional<std::uint64_t> room);

 private:
  struct Filter {
    FilterRotation rotation;
    std::uint64_t period_ns;  // 0: the configuration's pair_ttl
  };
  enum { pairs, heard, announced };

  NeighbourFit fit(arpl_limits& limits, std::optional<std::uint64_t> room) const;

  const ParentState& state_;
  arpl_limits& map_;
  Limits limits_;
  NeighbourFit fit_;
  std::array<Filter, 3> filters_;
};

/// What the parent itself decides about its programs. `tags_hidden`: its NIC strips tags; `fast_path`: it is
/// wanted, and works.
Switches switches_of(const ParentState& state, bool tags_hidden, bool fast_path);

}  // namespace arpline
