// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packet/frame.hpp"
#include "packet/state.hpp"

namespace arpline::packet {

/// The outcome for a frame.
enum class Output {
  unchanged,  ///< passed unchanged
  to_child,   ///< passed with the endpoint's MAC as its destination; a check also as a probe
  ring,       ///< redirected to the ring, unchanged behind an arpl_ring_meta
  reflected,  ///< sent back as the kernel's reply, with the frame's length
  dropped     ///< dropped, unchanged
};

struct Expect {
  std::optional<arpl_verdict> verdict;  ///< nullopt: not ARP, passes uncounted
  Output output = Output::unchanged;
  bool would = false;                         ///< counted as would_…
  std::uint32_t claimed_slot = ARPL_NO_SLOT;  ///< the slot of the claimed address
  std::uint16_t event = 0;                    ///< enum arpl_event_type; 0: none
  bool misdirected = false;                   ///< recorded as sent to a MAC that has lost the address
};

/// A row of the packet tables: a frame, a state and the expected outcome.
struct Row {
  std::string name;
  FrameSpec frame;
  State state;
  Expect expect;
  std::uint32_t queue = 0;
};

/// The decision table of docs/verdicts.md, row by row and clause by clause; built once.
const std::vector<Row>& rows();

/// The expected outcome of a frame at egress.
struct EgressExpect {
  bool seen = true;
  bool confirmed = false;  ///< the endpoint's reply is counted and confirms it
  bool pair = false;       ///< it confirms the pair too
  std::uint32_t claimed_slot = ARPL_NO_SLOT;
  bool self_test = false;
  bool dropped = false;             ///< a claim that is dropped; nothing else ever is
  bool would_drop = false;          ///< a claim that observe would drop
  std::optional<arpl_heard> heard;  ///< a container asked for the target, or the sender answered
  Ipv4 given_back = 0;  ///< the target IP that egress writes into the reply to a check; 0: unchanged
};

struct EgressRow {
  std::string name;
  FrameSpec frame;
  State state;
  EgressExpect expect;
};

const std::vector<EgressRow>& egress_rows();

}  // namespace arpline::packet
