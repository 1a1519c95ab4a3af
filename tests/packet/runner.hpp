// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "packet/frame.hpp"
#include "packet/rows.hpp"
#include "packet/state.hpp"

namespace arpline::packet {

/// One verdict counter and how much it has grown.
struct Growth {
  std::uint32_t counter = 0;  ///< index in struct arpl_verdict_counts
  std::uint64_t by = 0;
  bool operator==(const Growth&) const = default;
};

/// What one frame has changed.
struct Outcome {
  std::vector<Growth> grown;
  Output output = Output::unchanged;  ///< what became of the frame
  Bytes frame;                        ///< behind the program, without what stands in front
  std::optional<arpl_ring_meta> ring_meta;
  std::uint32_t claimed_slot = ARPL_NO_SLOT;
  std::uint64_t credit_taken = 0;
  std::vector<arpl_event> events;
};

/// What one frame has changed at egress.
struct EgressOutcome {
  arpl_egress_stats grown{};
  std::uint32_t claimed_slot = ARPL_NO_SLOT;
  bool contested = false;  ///< by this frame
  bool dropped = false;
  bool asked = false;     ///< its target is remembered as asked for by a container
  bool answered = false;  ///< its sender is remembered as answered for by this host
  bool station = false;   ///< the MAC that it is for is remembered as a station's
  Bytes frame;            ///< as it leaves
  std::vector<arpl_event> events;
};

/// The index of a verdict's counter.
inline std::uint32_t counter_of(arpl_verdict verdict, bool would) {
  return would ? arpl_would_index(verdict) : static_cast<std::uint32_t>(verdict);
}

}  // namespace arpline::packet
