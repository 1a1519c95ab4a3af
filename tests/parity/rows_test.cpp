// SPDX-License-Identifier: Apache-2.0
// Runs the packet tables' rows through the loaded program with the engine behind its ring, and through the
// engine alone over a DPDK device: both must decide the same.
#include <gtest/gtest.h>

#include "packet/check.hpp"
#include "parity/ways.hpp"

namespace arpline::parity {
namespace {

using packet::Row;

std::vector<Row> rows_that_both_take() {
  std::vector<Row> found;
  for (const Row& row : packet::rows())
    if (row.frame.bytes >= kShortestTestRun) found.push_back(row);
  return found;
}

class BothWays : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    if (const auto reason = packet::BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  }
};

TEST_P(BothWays, give_the_same_verdict_and_the_same_bytes) {
  const Row& row = GetParam();
  Ways& ways = Ways::shared();
  ways.install(row.state);
  const auto both = ways.run(packet::build(row.frame), static_cast<std::uint16_t>(row.queue));
  EXPECT_EQ(both.program, both.engine);
  EXPECT_STREQ(ways.difference(), nullptr);
  std::vector<packet::Growth> expected;
  if (row.expect.verdict)
    expected.push_back({.counter = packet::counter_of(*row.expect.verdict, row.expect.would), .by = 1});
  EXPECT_EQ(both.engine.grown, expected);
}

INSTANTIATE_TEST_SUITE_P(Row, BothWays, testing::ValuesIn(rows_that_both_take()), packet::row_name<Row>);

}  // namespace
}  // namespace arpline::parity
