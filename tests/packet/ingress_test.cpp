// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include "packet/bpf_runner.hpp"
#include "packet/check.hpp"
#include "packet/cpp_runner.hpp"
#include "shared/reply.h"

namespace arpline::packet {
namespace {

constexpr std::size_t shortest_test_run = 14;

std::vector<Row> rows_for_the_program() {
  std::vector<Row> r;
  for (const Row& row : rows())
    if (row.frame.bytes >= shortest_test_run) r.push_back(row);
  return r;
}

class LoadedProgram : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    if (const auto reason = BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  }
};

void expect_events(const Row& row, const std::vector<arpl_event>& events) {
  // An own MAC that claims is told as both.
  const bool both = row.expect.event == ARPL_EVENT_OWN_MAC && row.expect.claimed_slot != ARPL_NO_SLOT;
  ASSERT_EQ(events.size(), (row.expect.event != 0 ? 1U : 0U) + (both ? 1U : 0U));
  if (events.empty()) return;
  if (both) {
    EXPECT_EQ(events[1].type, ARPL_EVENT_CLAIM_FROM_WIRE);
  }
  EXPECT_EQ(events[0].type, row.expect.event);
  EXPECT_EQ(events[0].mac, row.frame.sender_mac);
  const bool to_endpoint = row.expect.event == ARPL_EVENT_PROBE_ANSWER;
  EXPECT_EQ(events[0].address, to_endpoint ? row.frame.target_ip : row.frame.sender_ip);
  EXPECT_EQ(events[0].vlan, row.frame.tags.empty() ? 0 : row.frame.tags[0].tci & 0x0fff);
}

int action_of(Output output) {
  switch (output) {
    case Output::ring:
      return XDP_REDIRECT;
    case Output::reflected:
      return XDP_TX;
    case Output::dropped:
      return XDP_DROP;
    default:
      return XDP_PASS;
  }
}

// What a person reads in endpoint_stats.
void expect_stats(const Row& row, const BpfRunner::Run& run, BpfRunner& runner) {
  const std::uint32_t asked = row.frame.target_ip == sibling_ip ? sibling_slot : endpoint_slot;
  const bool is_request =
      row.expect.verdict && *row.expect.verdict > ARPL_foreign && *row.expect.verdict != ARPL_foreign_limited;
  const auto stats = runner.stats(asked);
  const auto reflected = runner.slot(asked).reflected;
  EXPECT_EQ(stats.requests + reflected, is_request ? 1U : 0U);
  EXPECT_EQ(stats.to_child, row.expect.output == Output::to_child ? 1U : 0U);
  EXPECT_EQ(stats.ringed, row.expect.output == Output::ring ? 1U : 0U);
  EXPECT_EQ(reflected, row.expect.output == Output::reflected ? 1U : 0U);
  EXPECT_EQ(stats.last_requester_mac, is_request ? row.frame.sender_mac : 0U);
  EXPECT_EQ(stats.last_requester, is_request ? row.frame.sender_ip : 0U);
  EXPECT_TRUE(!is_request || (stats.last_seen >= run.started_at && stats.last_seen <= run.ended_at));
}

// A question is answered once, and nobody else's answer takes its place.
void expect_awaited(const Row& row, const BpfRunner::Run& run, BpfRunner& runner) {
  const bool probe = row.expect.event == ARPL_EVENT_PROBE_ANSWER;
  const bool host = row.expect.event == ARPL_EVENT_HOST_ANSWER;
  EXPECT_EQ(runner.stats(endpoint_slot).awaits, probe ? 0 : row.state.awaits);
  EXPECT_EQ(runner.limits().host_awaits != 0, row.state.host_awaits != 0 && !host);
  if (!probe && !host) return;
  ASSERT_FALSE(run.events.empty());
  EXPECT_GE(run.events[0].time_ns, run.started_at_exactly) << "not the time of the last tick";
  EXPECT_LE(run.events[0].time_ns, run.ended_at);
}

void expect_misdirected(const Row& row, const BpfRunner::Run& run, BpfRunner& runner) {
  const auto stats = runner.stats(endpoint_slot);
  EXPECT_EQ(stats.misdirected, row.expect.misdirected ? 1U : 0U);
  if (!row.expect.misdirected) return;
  EXPECT_EQ(stats.misdirected_mac, row.frame.eth_dst);
  EXPECT_EQ(stats.misdirected_requester, row.frame.sender_ip);
  EXPECT_TRUE(stats.misdirected_at >= run.started_at && stats.misdirected_at <= run.ended_at);
}

// For egress, whose reply it will see.
void expect_check(const Row& row, const BpfRunner::Run& run, BpfRunner& runner) {
  if (row.expect.verdict != ARPL_to_child_check || row.expect.would) return;
  const auto stats = runner.stats(endpoint_slot);
  EXPECT_EQ(stats.check_mac, row.frame.sender_mac);
  EXPECT_EQ(stats.check_requester, row.frame.sender_ip);
  EXPECT_TRUE(stats.check_at >= run.started_at && stats.check_at <= run.ended_at);
  EXPECT_EQ(runner.slot(endpoint_slot).unanswered, row.state.unanswered + 1);
}

TEST_P(LoadedProgram, gives_the_verdict_of_the_row) {
  const Row& row = GetParam();
  BpfRunner& runner = BpfRunner::shared();
  runner.install(row.state);
  const auto run = runner.run(build(row.frame), row.queue);
  expect_outcome(row, run.outcome);
  EXPECT_EQ(run.retval, action_of(row.expect.output));
  expect_events(row, run.events);
  expect_stats(row, run, runner);
  expect_awaited(row, run, runner);
  expect_misdirected(row, run, runner);
  expect_check(row, run, runner);
  if (run.outcome.ring_meta) {
    EXPECT_GE(run.outcome.ring_meta->time_ns, run.started_at);
    EXPECT_LE(run.outcome.ring_meta->time_ns, run.ended_at);
  }
  if (row.expect.claimed_slot != ARPL_NO_SLOT) {
    EXPECT_GE(runner.slot(row.expect.claimed_slot).claimed_at, run.started_at) << "contested from now on";
    EXPECT_EQ(runner.stats(row.expect.claimed_slot).last_claimant_mac, row.frame.sender_mac);
  }
}

INSTANTIATE_TEST_SUITE_P(Row, LoadedProgram, testing::ValuesIn(rows_for_the_program()), row_name<Row>);

class CppDecision : public testing::TestWithParam<Row> {
 protected:
  static CppRunner& runner() {
    static CppRunner shared;
    return shared;
  }
};

TEST_P(CppDecision, gives_the_verdict_of_the_row) {
  const Row& row = GetParam();
  runner().install(row.state);
  const Bytes frame = build(row.frame);
  const Outcome outcome = runner().run(frame, row.queue);
  expect_outcome(row, outcome);
  if (row.expect.output != Output::ring) return;

  arpl_arp arp{};
  ASSERT_EQ(arpl_parse(frame.data(), frame.data() + frame.size(), &arp), ARPL_PARSED);
  Bytes reply(ARPL_WRITTEN_BYTES);
  reply.resize(arpl_write_reply(reply.data(), &arp, endpoint_mac));
  EXPECT_EQ(reply, kernel_reply(row.frame, endpoint_mac)) << "the engine answers what the kernel would";
}

INSTANTIATE_TEST_SUITE_P(Row, CppDecision, testing::ValuesIn(rows()), row_name<Row>);

}  // namespace
}  // namespace arpline::packet
