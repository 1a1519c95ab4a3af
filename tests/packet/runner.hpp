// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "packet/frame.hpp"
#include "packet/rows.hpp"
#include "packet/state.hpp"

namespace arpline::packet {

/// A verdict counter and its increment.
struct Growth {
  std::uint32_t counter = 0;  ///< index in struct arpl_verdict_counts
  std::uint64_t by = 0;
  bool operator==(const Growth&) const = default;
};

/// All changes by one frame.
struct Outcome {
  std::vector<Growth> grown;
  Output output = Output::unchanged;  ///< outcome for the frame
  Bytes frame;                        ///< after the program, without metadata
  std::optional<arpl_ring_meta> ring_meta;
  std::uint32_t claimed_slot = ARPL_NO_SLOT;
  std::uint64_t credit_taken = 0;
  std::vector<arpl_event> events;
};

/// All changes by one frame at egress.
struct EgressOutcome {
  arpl_egress_stats grown{};
  std::uint32_t claimed_slot = ARPL_NO_SLOT;
  bool contested = false;  ///< this frame made the endpoint contested
  bool dropped = false;
  bool asked = false;     ///< `heard` has its target as asked for by a container
  bool answered = false;  ///< `heard` has its sender as answered for by this host
  bool station = false;   ///< the station table has its destination MAC
  Bytes frame;            ///< as it leaves the host
  std::vector<arpl_event> events;
};

/// The index of a verdict's counter.
inline std::uint32_t counter_of(arpl_verdict verdict, bool would) {
  return would ? arpl_would_index(verdict) : static_cast<std::uint32_t>(verdict);
}

}  // namespace arpline::packet
