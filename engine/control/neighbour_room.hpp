// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "config/limits.hpp"
#include "kernel/neighbours.hpp"
#include "shared/abi.h"

namespace arpline {

/// How many entries arpline may cause in any 5 s, all parents of the host together. docs/limits.md has the
/// arithmetic.
std::uint64_t neighbour_room(const NeighbourTable& table) noexcept;

/// Whether what is within this limit makes entries in the neighbour table.
bool makes_neighbours(const LimitSpec& spec) noexcept;

/// What the budgets that make entries ask for, in entries in any 5 s, and what there is room for.
struct NeighbourFit {
  std::uint64_t asked = 0;
  std::uint64_t room = 0;

  /// By which each of those budgets is multiplied; 1 where they fit.
  double factor() const noexcept;
  bool operator==(const NeighbourFit&) const = default;
};

/// Scales those budgets and their shares so that together they make no more than `room` entries in any 5 s.
NeighbourFit fit_neighbours(arpl_limits& limits, std::uint64_t room) noexcept;

/// One sentence for a person where the budgets do not fit; empty where they do.
std::string explain(const NeighbourFit& fit);

/// Whether the neighbour table is full or soon will be, as the kernel counts: looked at once a second.
class NeighbourPressure {
 public:
  /// `exempt`: the entries that do not count against the limit; none: not known yet.
  void look(const NeighbourTable& table, std::optional<std::uint64_t> exempt, std::uint64_t now) noexcept;
  /// When it was last seen to be full; 0: never.
  std::uint64_t full_at() const noexcept { return full_at_; }
  /// Whether that still counts.
  bool full(std::uint64_t now) const noexcept;

 private:
  std::optional<NeighbourTable> last_;
  std::uint64_t cleaned_at_ = 0;  // 0: not since the first look
  std::uint64_t full_at_ = 0;
};

/// From so many entries on it is worth knowing who holds them.
std::uint64_t many_entries(const NeighbourTable& table) noexcept;

}  // namespace arpline
