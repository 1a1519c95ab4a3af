// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packet/frame.hpp"
#include "packet/state.hpp"

namespace arpline::packet {

/// What becomes of the frame.
enum class Output {
  unchanged,  ///< passes as it came
  to_child,   ///< passes with the endpoint's MAC as its destination; a check as a probe
  ring,       ///< goes to the ring as it came, an arpl_ring_meta in front
  reflected,  ///< leaves as the kernel's answer, as long as it came
  dropped     ///< as it came
};

struct Expect {
  std::optional<arpl_verdict> verdict;  ///< none: not ARP, passes uncounted
  Output output = Output::unchanged;
  bool would = false;                         ///< counted as would_…
  std::uint32_t claimed_slot = ARPL_NO_SLOT;  ///< whose address the frame claims
  std::uint16_t event = 0;                    ///< enum arpl_event_type; 0: none
  bool misdirected = false;                   ///< noted as sent to a MAC that has the address no more
};

/// A row of the packet tables: a frame, a state, what is expected.
struct Row {
  std::string name;
  FrameSpec frame;
  State state;
  Expect expect;
  std::uint32_t queue = 0;
};

/// The decision table of docs/verdicts.md, row by row and clause by clause; built once.
const std::vector<Row>& rows();

/// What egress makes of a frame.
struct EgressExpect {
  bool seen = true;
  bool confirmed = false;  ///< counted, and the endpoint has answered
  bool pair = false;       ///< the pair is confirmed too
  std::uint32_t claimed_slot = ARPL_NO_SLOT;
  bool self_test = false;
  bool dropped = false;             ///< the claim; nothing else is
  bool would_drop = false;          ///< likewise, in observe
  std::optional<arpl_heard> heard;  ///< the target was asked for, or the sender answered
  Ipv4 given_back = 0;              ///< the target IP, in a reply to a check; 0: nothing is changed
};

struct EgressRow {
  std::string name;
  FrameSpec frame;
  State state;
  EgressExpect expect;
};

const std::vector<EgressRow>& egress_rows();

}  // namespace arpline::packet
