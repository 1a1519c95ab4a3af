// SPDX-License-Identifier: Apache-2.0
#include "packet/check.hpp"

#include <fmt/format.h>

#include <array>

namespace arpline::packet {

std::string counter_name(std::uint32_t counter) {
  static constexpr std::array names = {
#define ARPL_WIRE(class, name, description) #name,
#include "shared/verdicts.def"
  };
  if (counter < names.size()) return names[counter];
  const std::uint32_t acting = counter - static_cast<std::uint32_t>(names.size()) + ARPL_FIRST_ACTING;
  return acting < names.size() ? fmt::format("would_{}", names[acting]) : fmt::format("counter {}", counter);
}

void expect_counted(const Outcome& outcome, std::optional<arpl_verdict> verdict, bool would) {
  std::string grown;
  for (const Growth& g : outcome.grown) grown += fmt::format(" {}+{}", counter_name(g.counter), g.by);
  const std::string expected = verdict ? fmt::format(" {}+1", counter_name(counter_of(*verdict, would))) : "";
  EXPECT_EQ(grown, expected);
}

void expect_outcome(const Row& row, const Outcome& outcome) {
  const Bytes sent = build(row.frame);
  expect_counted(outcome, row.expect.verdict, row.expect.would);
  EXPECT_EQ(outcome.claimed_slot, row.expect.claimed_slot);
  // A unicast frame to the child has the child's MAC already.
  const bool to_child = row.expect.output == Output::to_child;
  const bool rewritten = to_child && row.frame.eth_dst != endpoint_mac;
  const Mac child = row.frame.target_ip == sibling_ip ? sibling_mac : endpoint_mac;
  EXPECT_EQ(outcome.output == Output::ring, row.expect.output == Output::ring);
  EXPECT_EQ(outcome.output == Output::dropped, row.expect.output == Output::dropped);
  EXPECT_EQ(outcome.output == Output::reflected, row.expect.output == Output::reflected);
  if (row.expect.output == Output::reflected) {
    Bytes reply = kernel_reply(row.frame, child);
    reply.resize(sent.size());
    EXPECT_EQ(outcome.frame, reply) << "what the kernel says, then zeroes";
  } else {
    auto expected = rewritten ? with_destination(sent, child) : sent;
    if (to_child && row.expect.verdict == ARPL_to_child_check)
      expected = with_sender_ip(expected, row.frame, 0);
    EXPECT_EQ(outcome.frame, expected);
  }

  const bool ringed = row.expect.output == Output::ring;
  EXPECT_EQ(outcome.ring_meta.has_value(), ringed);
  EXPECT_EQ(outcome.credit_taken, ringed ? 1U : 0U);
  if (ringed && outcome.ring_meta) {
    EXPECT_EQ(outcome.ring_meta->slot, endpoint_slot);
    EXPECT_EQ(outcome.ring_meta->generation, generation);
  }
}

}  // namespace arpline::packet
