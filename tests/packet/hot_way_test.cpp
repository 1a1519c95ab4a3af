// SPDX-License-Identifier: Apache-2.0
// How long the ways are that a storm's frames take through the ingress program.
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <array>

#include "packet/bpf_runner.hpp"
#include "packet/interpreter.hpp"

namespace arpline::packet {
namespace {

struct Storm {
  const char* name;
  State state;
  arpl_verdict verdict;
  Way way;  ///< with clang 14; to be lowered when it gets shorter
};

State fast(Pair pair) {
  return {.pair = pair,
          .last = true,
          .to_child = pair == Pair::absent ? Budget::spent : Budget::normal,
          .trusted = Budget::normal,
          .ring = Budget::zero,
          .switches = ARPL_LIMIT_FAST_PATH};
}

const std::array<Storm, 2> kStorms{{
    {"who-has of a known requester",
     fast(Pair::fresh),
     ARPL_reflect,
     {.instructions = 610, .look_ups = 15, .calls = 1}},
    {"who-has of a forged requester",
     fast(Pair::absent),
     ARPL_reflect_new,
     {.instructions = 841, .look_ups = 23, .calls = 2}},
}};

TEST(AStormsFrame, takes_no_more_instructions_than_it_did) {
  if (const auto reason = BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  BpfRunner& runner = BpfRunner::shared();
  for (const auto& storm : kStorms) {
    SCOPED_TRACE(storm.name);
    const Bytes frame = build({});
    runner.install(storm.state);
    EXPECT_EQ(runner.run(frame).outcome.grown,
              (std::vector<Growth>{{.counter = counter_of(storm.verdict, false), .by = 1}}));
    runner.install(storm.state);
    const auto way = runner.way(frame, 0);
    EXPECT_EQ(way.retval, XDP_TX);
    EXPECT_LE(way.instructions, storm.way.instructions * 11 / 10);
    EXPECT_LE(way.look_ups, storm.way.look_ups);
    EXPECT_LE(way.calls, storm.way.calls) << "one for the jiffies, the others cost more than a look-up";
  }
}

}  // namespace
}  // namespace arpline::packet
