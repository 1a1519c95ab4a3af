// SPDX-License-Identifier: Apache-2.0
#include "control/neighbour_room.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace arpline {
namespace {

// The kernel keeps a new entry for at least this time, even when it needs the room (neigh_forced_gc).
constexpr Duration kStays = 5s;
// The kernel cleans a table that is filling up every 5 s.
constexpr Duration kCleaned = 2 * kStays;

// The limits on frames from which a kernel learns a neighbour. A new limit of this kind is added here.
constexpr std::array kSums{&arpl_limits::to_child, &arpl_limits::to_child_trusted, &arpl_limits::odd};
constexpr std::array kShares{&arpl_limits::to_child_source, &arpl_limits::to_child_trusted_source};

bool is_counted(const arpl_budget& budget) {
  return budget.interval_ns != 0 && budget.burst_ns >= budget.interval_ns;
}

// The most entries that a budget allows in any 5 s: its burst and the tokens of these 5 s.
double entries_of(const arpl_budget& budget) {
  if (!is_counted(budget)) return 0;
  return static_cast<double>(budget.burst_ns + raw(kStays)) / static_cast<double>(budget.interval_ns);
}

// The burst must hold one frame, or no frame would ever pass.
void scale(arpl_budget& budget, double factor) {
  if (!is_counted(budget)) return;
  if (factor <= 0) {
    budget = {.interval_ns = ARPL_SECOND_NS, .burst_ns = 0};
    return;
  }
  budget.interval_ns = static_cast<__u64>(std::ceil(static_cast<double>(budget.interval_ns) / factor));
  budget.burst_ns = std::max(budget.burst_ns, budget.interval_ns);
}

}  // namespace

// Above gc_thresh2 the kernel removes entries older than 5 s, once in 5 s. So the entries of the time between
// two cleanings must fit between gc_thresh2 and gc_thresh3, and the entries that two cleanings leave must fit
// below gc_thresh3. Where the two thresholds are equal, the kernel makes room only when none is left. A quarter
// is left for the containers' own requests.
std::uint64_t neighbour_room(const NeighbourTable& table) noexcept {
  const std::uint64_t limit = table.limit;
  const std::uint64_t above = limit - std::min<std::uint64_t>(limit, table.soft_limit);
  return std::clamp(above, limit / 8, limit / 2) * 3 / 4;
}

bool makes_neighbours(const LimitSpec& spec) noexcept {
  return std::ranges::find(kSums, spec.budget) != kSums.end() ||
         std::ranges::find(kShares, spec.budget) != kShares.end();
}

double NeighbourFit::factor() const noexcept {
  return asked <= room ? 1 : static_cast<double>(room) / static_cast<double>(asked);
}

NeighbourFit fit_neighbours(arpl_limits& limits, std::uint64_t room) noexcept {
  double asked = 0;
  for (const auto sum : kSums) asked += entries_of(limits.*sum);
  const NeighbourFit fit{.asked = static_cast<std::uint64_t>(std::ceil(asked)), .room = room};
  if (fit.asked <= room) return fit;
  for (const auto sum : kSums) scale(limits.*sum, fit.factor());
  for (const auto share : kShares) scale(limits.*share, fit.factor());
  return fit;
}

std::string explain(const NeighbourFit& fit) {
  if (fit.asked <= fit.room) return {};
  return fmt::format(
      "the limits allow {} new neighbours in 5 s, and for this parent there is room for {} in the neighbour "
      "table: {:.1f} % of to_child, to_child_trusted and odd are in force; raise "
      "net.ipv4.neigh.default.gc_thresh2 and gc_thresh3",
      fit.asked, fit.room, fit.factor() * 100);
}

// The table is full when the kernel refuses an entry, which it counts. It is nearly full when 90 % of the limit
// are entries that count; but as long as the kernel has removed nothing, fewer than gc_thresh2 count, whatever
// the sum says.
void NeighbourPressure::look(const NeighbourTable& table, std::optional<std::uint64_t> exempt,
                             Instant now) noexcept {
  const auto before = last_.value_or(table);
  last_ = table;
  if (table.cleanings != before.cleanings) cleaned_at_ = now;
  const bool cleaned = cleaned_at_ != kNoTime && now - cleaned_at_ < kCleaned;
  const bool nearly =
      exempt && table.limit > 0 && counted_entries(table, *exempt) >= table.limit - table.limit / 10;
  if (table.refused != before.refused || (nearly && cleaned)) full_at_ = now;
}

bool NeighbourPressure::full(Instant now) const noexcept {
  return full_at_ != kNoTime && now - full_at_ < duration_from_raw(ARPL_NEIGH_FULL_NS);
}

std::uint64_t many_entries(const NeighbourTable& table) noexcept {
  return table.limit - table.limit / 5;
}

}  // namespace arpline
