// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <algorithm>

#include "packet/bpf_runner.hpp"
#include "packet/check.hpp"
#include "packet/cpp_runner.hpp"
#include "packet/watched.hpp"
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
  // A claim by an own MAC causes both events.
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

/// The time at which the frame was run.
struct Span {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  bool has(std::uint64_t time) const { return time >= from && time <= to; }
};

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

// Checks the counters and times of endpoint_stats.
template <class Runner>
void expect_stats(const Row& row, Runner& runner, Span took) {
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
  EXPECT_TRUE(!is_request || (took.has(stats.last_seen)));
}

// Checks that only the first answer of the gateway that was asked is reported.
template <class Runner>
void expect_awaited(const Row& row, const Outcome& outcome, Runner& runner, Span exactly) {
  const bool probe = row.expect.event == ARPL_EVENT_PROBE_ANSWER;
  const bool host = row.expect.event == ARPL_EVENT_HOST_ANSWER;
  EXPECT_EQ(runner.stats(endpoint_slot).awaits, probe ? 0 : row.state.awaits);
  EXPECT_EQ(runner.limits().host_awaits != 0, row.state.host_awaits != 0 && !host);
  if (!probe && !host) return;
  ASSERT_FALSE(outcome.events.empty());
  EXPECT_TRUE(exactly.has(outcome.events[0].time_ns)) << "not the time of the last tick";
}

template <class Runner>
void expect_misdirected(const Row& row, Runner& runner, Span took) {
  const auto stats = runner.stats(endpoint_slot);
  EXPECT_EQ(stats.misdirected, row.expect.misdirected ? 1U : 0U);
  if (!row.expect.misdirected) return;
  EXPECT_EQ(stats.misdirected_mac, row.frame.eth_dst);
  EXPECT_EQ(stats.misdirected_requester, row.frame.sender_ip);
  EXPECT_TRUE(took.has(stats.misdirected_at));
}

// Checks the record of a check, by which egress recognizes its reply.
template <class Runner>
void expect_check(const Row& row, Runner& runner, Span took) {
  if (row.expect.verdict != ARPL_to_child_check || row.expect.would) return;
  const auto stats = runner.stats(endpoint_slot);
  EXPECT_EQ(stats.check_mac, row.frame.sender_mac);
  EXPECT_EQ(stats.check_requester, row.frame.sender_ip);
  EXPECT_TRUE(took.has(stats.check_at));
  EXPECT_EQ(runner.slot(endpoint_slot).unanswered, row.state.unanswered + 1);
}

template <class Runner>
void expect_claimed(const Row& row, Runner& runner, Span took) {
  if (row.expect.claimed_slot == ARPL_NO_SLOT) return;
  EXPECT_TRUE(took.has(runner.slot(row.expect.claimed_slot).claimed_at)) << "contested from now on";
  EXPECT_EQ(runner.stats(row.expect.claimed_slot).last_claimant_mac, row.frame.sender_mac);
}

// Checks everything that a frame changes, for the programs and for the C++ build.
template <class Runner>
void expect_row(const Row& row, const Outcome& outcome, Runner& runner, Span took, Span exactly) {
  expect_outcome(row, outcome);
  expect_events(row, outcome.events);
  expect_stats(row, runner, took);
  expect_awaited(row, outcome, runner, exactly);
  expect_misdirected(row, runner, took);
  expect_check(row, runner, took);
  expect_claimed(row, runner, took);
  if (outcome.ring_meta) {
    EXPECT_TRUE(took.has(outcome.ring_meta->time_ns));
  }
}

TEST_P(LoadedProgram, gives_the_verdict_of_the_row) {
  const Row& row = GetParam();
  BpfRunner& runner = BpfRunner::shared();
  runner.install(row.state);
  const auto run = runner.run(build(row.frame), row.queue);
  EXPECT_EQ(run.retval, action_of(row.expect.output));
  expect_row(row, run.outcome, runner, {run.started_at, run.ended_at}, {run.started_at_exactly, run.ended_at});
}

INSTANTIATE_TEST_SUITE_P(Row, LoadedProgram, testing::ValuesIn(rows_for_the_program()), row_name<Row>);

class WatchedProgram : public LoadedProgram {
 protected:
  void SetUp() override {
    LoadedProgram::SetUp();
    if (!IsSkipped()) Watched::shared().begin();
  }
  void TearDown() override {
    if (!IsSkipped()) Watched::end();
  }
};

TEST_P(WatchedProgram, gives_the_same_verdict_and_tells_it) {
  const Row& row = GetParam();
  BpfRunner& runner = BpfRunner::shared();
  runner.install(row.state);
  const Bytes frame = build(row.frame);
  const auto run = runner.run(frame, row.queue);
  EXPECT_EQ(run.retval, action_of(row.expect.output));
  expect_row(row, run.outcome, runner, {run.started_at, run.ended_at}, {run.started_at_exactly, run.ended_at});
  const auto told = Watched::shared().take();
  ASSERT_EQ(told.size(), row.expect.verdict ? 1U : 0U);
  if (told.empty()) return;
  const auto& about = told.front().about;
  EXPECT_EQ(about.outcome, run.outcome.grown.front().counter);
  EXPECT_EQ(about.claims != 0, row.expect.claimed_slot != ARPL_NO_SLOT);
  EXPECT_EQ(about.frame_bytes, frame.size());
  ASSERT_EQ(about.bytes, std::min<std::size_t>(frame.size(), ARPL_WATCHED_BYTES));
  EXPECT_TRUE(std::equal(frame.begin(), frame.begin() + about.bytes, told.front().bytes)) << "as it came in";
}

INSTANTIATE_TEST_SUITE_P(Row, WatchedProgram, testing::ValuesIn(rows_for_the_program()), row_name<Row>);

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
  const Span now{runner().now(), runner().now()};
  expect_row(row, outcome, runner(), now, now);
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
