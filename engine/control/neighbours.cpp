// SPDX-License-Identifier: Apache-2.0
#include "control/neighbours.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "kernel/pins.hpp"

namespace arpline {
namespace {

// For each namespace the kernel walks the whole table: with 200,000 entries that took 20 ms.
constexpr std::uint32_t kMostEntries = 131'072;

}  // namespace

Neighbours::Neighbours(std::string run_root, const NetnsMonitor& monitor)
    : run_root_(std::move(run_root)),
      monitor_(monitor),
      route_(NETLINK_ROUTE),
      table_(neighbour_table(route_)) {}

void Neighbours::count_parents() {
  const auto served = std::ranges::count_if(
      names_in(run_root_), [this](const std::string& name) { return is_locked(run_root_, name); });
  parents_ = std::max<std::size_t>(1, static_cast<std::size_t>(served));
}

void Neighbours::look(Instant now) {
  count_parents();
  try {
    table_ = neighbour_table(route_);
  } catch (const SetupError&) {
    table_.reset();  // read again in a second
  }
  if (!table_) return;
  take_census(now, false);
  const auto& census = census_.result();
  pressure_.look(*table_, census ? std::optional{census->exempt} : std::nullopt, now);
  const bool became_full = !full_ && pressure_.full(now);
  full_ = pressure_.full(now);
  if (became_full) take_census(now, true);
  unreported_ = full_ && (unreported_ || became_full);
  log_changes();
}

// A table that is far from full needs no census. One with too many entries to walk, most of them permanent,
// counts as full only when the kernel refuses an entry.
void Neighbours::take_census(Instant now, bool became_full) {
  if (table_->entries > kMostEntries || (table_->entries < many_entries(*table_) && !full_))
    return census_.forget();
  const auto& last = census_.result();
  const bool due = became_full || !last || now - std::min(now, last->ended_at) >= kEvery;
  if (due && !census_.under_way()) census_.begin(monitor_.all_netns());
  census_.go_on([this](int nsid) { return monitor_.open(nsid); });
}

// Logs a line when the table has become full, as soon as a census says who holds it, and one when that is over.
void Neighbours::log_changes() {
  if (unreported_ && !census_.under_way()) {
    spdlog::warn("{}", warning());
    unreported_ = false;
    reported_ = true;
  } else if (reported_ && !full_) {
    spdlog::warn("the neighbour table is no longer nearly full");
    reported_ = false;
  }
}

std::optional<std::uint64_t> Neighbours::room_of_a_parent() const noexcept {
  if (!table_ || table_->limit == 0) return std::nullopt;
  return neighbour_room(*table_) / parents_;
}

std::string Neighbours::warning() const {
  if (!full_ || !table_) return {};
  std::string details = fmt::format("gc_thresh3 is {}", table_->limit);
  if (const auto& census = census_.result()) {
    const auto holders = text_of(census->holders);
    details = fmt::format("{} of {}{}{}", counted_entries(*table_, census->exempt), table_->limit,
                          holders.empty() ? "" : "; held by ", holders);
  }
  return fmt::format("the neighbour table is nearly full ({}): raise net.ipv4.neigh.default.gc_thresh3",
                     details);
}

std::optional<NeighboursStatus> Neighbours::status(const NeighbourFit& fit) const {
  if (!table_) return std::nullopt;
  NeighboursStatus status{.entries = table_->entries,
                          .limit = table_->limit,
                          .full = full_,
                          .room = fit.room,
                          .asked = fit.asked,
                          .parents = parents_};
  if (const auto& census = census_.result()) {
    status.not_counted = census->exempt;
    for (const auto& [netns, interface, entries] : census->holders)
      status.holders.push_back({.netns = netns, .interface = interface, .entries = entries});
  }
  return status;
}

}  // namespace arpline
