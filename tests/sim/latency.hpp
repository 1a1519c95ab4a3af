// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "protocol/protocol.hpp"
#include "sim/queue.hpp"

namespace arpline::sim {

/// Frames that one announcement is made of.
inline std::uint64_t frames_of(const Schedule& schedule) {
  return schedule.style == Style::both ? 2U : 1U;
}

/// How long something that is due may wait for its turn: the look (250 ms), a control loop that is late, and
/// the pace. Before it stand at most one announcement of every endpoint and, as every fourth token is a
/// refresh's and defences and probes have half of it, and go first, five more frames of each.
inline Time latency(const Schedule& schedule, std::size_t endpoints) {
  constexpr Time kLookAndLate = 300 * kMs;
  const auto frames = endpoints * (frames_of(schedule) + 5) + 4;
  return kLookAndLate + (schedule.pps == 0 ? 0 : frames * kSecond / schedule.pps);
}

}  // namespace arpline::sim
