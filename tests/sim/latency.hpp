// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "protocol/protocol.hpp"
#include "sim/queue.hpp"

namespace arpline::sim {

/// The number of frames that one announcement takes.
inline std::uint64_t frames_of(const Schedule& schedule) {
  return schedule.style == Style::both ? 2U : 1U;
}

/// The longest wait of a due frame: a tick (250 ms), a late control loop and the pace. Ahead of it are at most
/// one announcement of every endpoint and five more frames of each: every fourth token is for a refresh, and
/// defences and probes go first, with up to half of the pace.
inline Time latency(const Schedule& schedule, std::size_t endpoints) {
  constexpr Time kLookAndLate = 300 * kMs;
  const auto frames = endpoints * (frames_of(schedule) + 5) + 4;
  return kLookAndLate + (schedule.pps == 0 ? Time{} : Time{frames * kSecond / schedule.pps});
}

}  // namespace arpline::sim
