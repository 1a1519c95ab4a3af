// SPDX-License-Identifier: Apache-2.0
#include "control/program_settings.hpp"

#include <spdlog/spdlog.h>

namespace arpline {
namespace {

// A frame of this MTU fits into one buffer of every driver.
constexpr std::uint32_t kOneBufferMtu = 1500;

}  // namespace

Switches switches_of(const ParentState& state, bool tags_hidden, bool fast_path) {
  return {.hidden_tags = tags_hidden,
          .fast_path = fast_path,
          .in_pieces = state.parent.mtu > kOneBufferMtu,
          .one_queue = state.decides_alone() || (state.can_have_ring() && state.link.rx_queues == 1),
          .mac = state.link.mac};
}

ProgramSettings::ProgramSettings(const ParentState& state, arpl_limits& map, std::span<std::uint64_t> filter,
                                 Instant now)
    : state_(state),
      map_(map),
      limits_(state.config.limits),
      filters_{
          {{.rotation = {filter, ARPL_FILTER_PAIRS, (map.flags & ARPL_LIMIT_OTHER_PAIRS) != 0, now},
            .period = 0s},
           {.rotation = {filter, ARPL_FILTER_HEARD, (map.flags & ARPL_LIMIT_OTHER_HEARD) != 0, now},
            .period = duration_from_raw(ARPL_HEARD_NS)},
           {.rotation = {filter, ARPL_FILTER_ANNOUNCED, (map.flags & ARPL_LIMIT_OTHER_ANNOUNCED) != 0, now},
            .period = duration_from_raw(ARPL_ANNOUNCED_NS)}}} {}

// Scales the budgets that make neighbours to `room`, this parent's share of the neighbour table.
NeighbourFit ProgramSettings::fit(arpl_limits& limits, std::optional<std::uint64_t> room) const {
  return state_.config.host_share && room ? fit_neighbours(limits, *room) : NeighbourFit{};
}

void ProgramSettings::write(Switches switches, std::optional<std::uint64_t> room) {
  switches.other_pairs = filters_[pairs].rotation.other();
  switches.other_heard = filters_[heard].rotation.other();
  switches.other_announced = filters_[announced].rotation.other();
  auto wanted = limits_for(state_.config, limits_, switches, map_);
  const auto fitted = fit(wanted, room);
  put_limits(wanted, map_);
  if (fitted.factor() != fit_.factor())
    spdlog::info("{}: {}", state_.name(),
                 fitted.factor() < 1 ? explain(fitted) : "all limits are in force as they are set");
  fit_ = fitted;
}

void ProgramSettings::rotate_filters(Instant now, const std::function<void()>& write) {
  for (auto& [rotation, period] : filters_) {
    if (!rotation.due(now, period != 0s ? period : state_.config.pair_ttl)) continue;
    write();
    rotation.clear();
  }
}

bool ProgramSettings::follow_neighbours(Instant full_at, std::optional<std::uint64_t> room) {
  if (raw(full_at) > map_.neigh_full_ns) map_.neigh_full_ns = raw(full_at);
  auto wanted = map_;
  limits_.write(wanted);
  return fit(wanted, room) != fit_;
}

}  // namespace arpline
