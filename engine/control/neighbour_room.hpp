// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "config/limits.hpp"
#include "kernel/neighbours.hpp"
#include "shared/abi.h"

namespace arpline {

/// The entries that arpline may cause in any 5 s, all parents of the host together. docs/limits.md has the
/// arithmetic.
std::uint64_t neighbour_room(const NeighbourTable& table) noexcept;

/// Whether frames within this limit make entries in the neighbour table.
bool makes_neighbours(const LimitSpec& spec) noexcept;

/// The entries in any 5 s that the budgets allow, and those that there is room for.
struct NeighbourFit {
  std::uint64_t asked = 0;
  std::uint64_t room = 0;

  /// The factor for each of these budgets; 1 where they fit.
  double factor() const noexcept;
  bool operator==(const NeighbourFit&) const = default;
};

/// Scales the budgets that make entries, and their shares, so that together they make at most `room` entries in
/// any 5 s.
NeighbourFit fit_neighbours(arpl_limits& limits, std::uint64_t room) noexcept;

/// One sentence for a person where the budgets do not fit; empty where they do.
std::string explain(const NeighbourFit& fit);

/// Detects a neighbour table that is full or nearly full, from the kernel's counters.
class NeighbourPressure {
 public:
  /// Once a second. `exempt`: the entries that don't count against the limit; nullopt: not known yet.
  void look(const NeighbourTable& table, std::optional<std::uint64_t> exempt, Instant now) noexcept;
  /// When the table was last found full; kNoTime: never.
  Instant full_at() const noexcept { return full_at_; }
  /// True when that is less than ARPL_NEIGH_FULL_NS ago.
  bool full(Instant now) const noexcept;

 private:
  std::optional<NeighbourTable> last_;
  Instant cleaned_at_ = kNoTime;  // kNoTime: not since the first call of look()
  Instant full_at_ = kNoTime;
};

/// A table with fewer entries than this needs no census.
std::uint64_t many_entries(const NeighbourTable& table) noexcept;

}  // namespace arpline
