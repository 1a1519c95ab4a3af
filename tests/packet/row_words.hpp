// SPDX-License-Identifier: Apache-2.0
// Short names for expectations, shared by the files of rows.
#pragma once

#include "packet/rows.hpp"

namespace arpline::packet {

inline Expect passes(arpl_verdict verdict) {
  return {.verdict = verdict};
}
inline Expect to_child(arpl_verdict verdict) {
  return {.verdict = verdict, .output = Output::to_child};
}
inline Expect rings() {
  return {.verdict = ARPL_ring, .output = Output::ring};
}
inline Expect reflects(arpl_verdict verdict) {
  return {.verdict = verdict, .output = Output::reflected};
}
inline Expect drops(arpl_verdict verdict) {
  return {.verdict = verdict, .output = Output::dropped};
}
inline Expect would(arpl_verdict verdict) {
  return {.verdict = verdict, .would = true};
}
inline Expect not_arp() {
  return {};
}

inline Expect own_mac() {
  return {.verdict = ARPL_own_mac, .event = ARPL_EVENT_OWN_MAC};
}

inline Expect claims(Expect expect, std::uint32_t slot) {
  expect.claimed_slot = slot;
  expect.event = ARPL_EVENT_CLAIM_FROM_WIRE;
  return expect;
}

inline Expect answers(arpl_event_type event) {
  return {.verdict = ARPL_reply, .event = static_cast<std::uint16_t>(event)};
}

inline Expect misdirected() {
  return {.verdict = ARPL_other_destination, .misdirected = true};
}

inline const Tag tag100{.type = 0x8100, .tci = 100};

/// Rows 0 to 5 of the decision table, and frames that are not ARP.
void add_frame_rows(std::vector<Row>& r);
/// Rows 6 to 9: the endpoint, and probes.
void add_request_rows(std::vector<Row>& r);
/// Rows 10 to 13: the form of a who-has, and its requester.
void add_requester_rows(std::vector<Row>& r);
/// Row 13 with the fast path, the budgets and the exceptions from them.
void add_fast_path_rows(std::vector<Row>& r);

}  // namespace arpline::packet
