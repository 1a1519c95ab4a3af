// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>

#include "base/clock.hpp"
#include "packet/bpf_runner.hpp"
#include "packet/check.hpp"
#include "packet/cpp_runner.hpp"
#include "packet/watched.hpp"

namespace arpline::packet {
namespace {

std::uint32_t index_of_pair(const EgressRow& row) {
  return pair_index(row.frame.target_mac, row.frame.target_ip, row.frame.sender_ip, row.state.vlan);
}

void expect_egress(const EgressRow& row, const EgressOutcome& outcome) {
  EXPECT_EQ(outcome.grown.seen, row.expect.seen ? 1U : 0U);
  EXPECT_EQ(outcome.grown.confirmed, row.expect.confirmed ? 1U : 0U);
  EXPECT_EQ(outcome.grown.claims, row.expect.claimed_slot != ARPL_NO_SLOT ? 1U : 0U);
  EXPECT_EQ(outcome.grown.self_tests, row.expect.self_test ? 1U : 0U);
  EXPECT_EQ(outcome.grown.claims_dropped, row.expect.dropped ? 1U : 0U);
  EXPECT_EQ(outcome.grown.would_drop_claims, row.expect.would_drop ? 1U : 0U);
  EXPECT_EQ(outcome.claimed_slot, row.expect.claimed_slot) << "counted, dropped or not";
  EXPECT_EQ(outcome.dropped, row.expect.dropped);
  EXPECT_EQ(outcome.contested, row.expect.claimed_slot != ARPL_NO_SLOT && !row.expect.dropped)
      << "contested from now on, unless the wire has not heard it";
  EXPECT_EQ(outcome.asked, row.expect.heard == ARPL_HEARD_ASKED);
  EXPECT_EQ(outcome.answered, row.expect.heard == ARPL_HEARD_ANSWERED);
  EXPECT_EQ(outcome.station, row.expect.confirmed) << "it was answered on the wire";
  const Bytes frame = build(row.frame);
  const auto back = row.expect.given_back;
  EXPECT_EQ(outcome.frame, back != 0 ? with_target_ip(frame, row.frame, back) : frame);
}

// Checks the frame's slot and pair: confirmed between `from` and `to`, or unchanged.
void expect_confirmation(const EgressRow& row, const arpl_slot& before, const arpl_slot& after,
                         std::uint64_t pair_before, std::uint64_t pair_after, std::uint64_t from,
                         std::uint64_t to) {
  EXPECT_EQ(after.word, before.word);
  EXPECT_EQ(after.generation, before.generation);
  if (row.expect.confirmed) {
    EXPECT_GE(after.confirmed_at, from);
    EXPECT_LE(after.confirmed_at, to);
    EXPECT_EQ(after.unanswered, 0U);
  } else {
    EXPECT_EQ(after.confirmed_at, before.confirmed_at);
    EXPECT_EQ(after.unanswered, before.unanswered);
  }
  if (row.expect.pair) {
    EXPECT_LE(arpl_stamp_age_ns(pair_after, to), 200 * milliseconds);
    EXPECT_EQ(pair_after & ARPL_PAIR_SAMPLED, 0U) << "it may be sampled again";
  } else {
    EXPECT_EQ(pair_after, pair_before);
  }
}

bool is_own(const EgressRow& row, Mac mac) {
  return mac == parent_mac || mac == sibling_mac || (mac == endpoint_mac && row.state.endpoint_mac_is_own);
}

// Egress parses the frame, and its source MAC is neither the parent's nor a child's.
bool is_strangers(const EgressRow& row) {
  const auto& expect = row.expect;
  return expect.seen && !expect.self_test && !expect.confirmed && !is_own(row, row.frame.sender_mac);
}

// The sender's counters grow by the frame's kind, whatever the outcome; the self-test has no sender.
void expect_counted_for_its_sender(const EgressRow& row, const EgressOutcome& outcome,
                                   const arpl_sender& sent) {
  const auto& f = row.frame;
  const bool counts = row.expect.seen && !row.expect.self_test;
  const bool own = counts && is_own(row, f.eth_src);
  const bool announces = f.sender_ip == f.target_ip;
  EXPECT_EQ(outcome.grown.strangers, counts && !own ? 1U : 0U);
  EXPECT_EQ(sent.announcements, own && announces ? 1U : 0U);
  EXPECT_EQ(sent.requests, own && !announces && f.op == 1 ? 1U : 0U);
  EXPECT_EQ(sent.replies, own && !announces && f.op == 2 ? 1U : 0U);
  EXPECT_EQ(sent.claims, own && row.expect.claimed_slot != ARPL_NO_SLOT ? 1U : 0U);
}

// Expects the events of the claim and of an unknown MAC.
void expect_events(const EgressRow& row, const std::vector<arpl_event>& events) {
  std::vector<std::uint16_t> wanted;
  if (is_strangers(row)) wanted.push_back(ARPL_EVENT_STRANGER);
  if (row.expect.claimed_slot != ARPL_NO_SLOT)
    wanted.push_back(row.expect.dropped ? ARPL_EVENT_CLAIM_DROPPED : ARPL_EVENT_CLAIM_FROM_HOST);
  std::vector<std::uint16_t> types;
  for (const auto& event : events) {
    types.push_back(event.type);
    EXPECT_EQ(event.mac, row.frame.sender_mac);
    EXPECT_EQ(event.address, row.frame.sender_ip);
    EXPECT_EQ(event.vlan, row.state.vlan);
  }
  EXPECT_EQ(types, wanted);
}

class LoadedEgress : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  }
};

class LoadedEgressProgram : public LoadedEgress, public testing::WithParamInterface<EgressRow> {};

TEST_P(LoadedEgressProgram, does_what_the_row_says) {
  const EgressRow& row = GetParam();
  BpfRunner& runner = BpfRunner::shared();
  runner.install(row.state);
  const arpl_slot before = runner.slot(endpoint_slot);
  const auto pair_before = runner.pair(index_of_pair(row));
  const auto from = runner.now();
  const auto run = runner.run_egress(build(row.frame));
  EXPECT_EQ(run.retval, row.expect.dropped ? TC_ACT_SHOT : TC_ACT_UNSPEC);
  expect_egress(row, run.outcome);
  expect_confirmation(row, before, runner.slot(endpoint_slot), pair_before, runner.pair(index_of_pair(row)),
                      from, raw(Clock::now()));
  expect_counted_for_its_sender(row, run.outcome, runner.sender(row.frame.eth_src));
  expect_events(row, run.outcome.events);
}

INSTANTIATE_TEST_SUITE_P(Row, LoadedEgressProgram, testing::ValuesIn(egress_rows()), row_name<EgressRow>);

class WatchedEgressProgram : public LoadedEgress, public testing::WithParamInterface<EgressRow> {
 protected:
  void SetUp() override {
    LoadedEgress::SetUp();
    if (!IsSkipped()) Watched::shared().begin();
  }
  void TearDown() override {
    if (!IsSkipped()) Watched::end();
  }
};

arpl_sent sent_of(const EgressRow& row) {
  if (row.expect.dropped) return ARPL_SENT_DROPPED;
  if (row.expect.claimed_slot != ARPL_NO_SLOT) return ARPL_SENT_CLAIMS;
  return row.expect.confirmed ? ARPL_SENT_CONFIRMS : ARPL_SENT_HEARD;
}

TEST_P(WatchedEgressProgram, does_the_same_and_tells_it) {
  const EgressRow& row = GetParam();
  BpfRunner& runner = BpfRunner::shared();
  runner.install(row.state);
  const auto run = runner.run_egress(build(row.frame));
  EXPECT_EQ(run.retval, row.expect.dropped ? TC_ACT_SHOT : TC_ACT_UNSPEC);
  expect_egress(row, run.outcome);
  const auto told = Watched::shared().take();
  ASSERT_EQ(told.size(), row.expect.seen && !row.expect.self_test ? 1U : 0U);
  if (told.empty()) return;
  const auto& about = told.front().about;
  EXPECT_EQ(about.outcome, ARPL_OUTCOME_SENT + sent_of(row));
  EXPECT_EQ(about.side == ARPL_SIDE_STRANGER, !is_own(row, row.frame.eth_src));
  EXPECT_EQ(about.target_ip, row.expect.given_back != 0 ? row.expect.given_back : row.frame.target_ip);
}

INSTANTIATE_TEST_SUITE_P(Row, WatchedEgressProgram, testing::ValuesIn(egress_rows()), row_name<EgressRow>);

TEST_F(LoadedEgress, reports_an_unknown_mac_once_a_second) {
  BpfRunner& runner = BpfRunner::shared();
  runner.install({});
  const FrameSpec frame{.eth_src = stranger_mac, .op = 1, .sender_mac = stranger_mac, .sender_ip = peer_ip};
  std::size_t reported = 0;
  for (int i = 0; i < 50; ++i) reported += runner.run_egress(build(frame)).outcome.events.size();
  EXPECT_EQ(reported, 1U);
}

class CppConfirmation : public testing::TestWithParam<EgressRow> {};

TEST_P(CppConfirmation, does_what_the_row_says) {
  const EgressRow& row = GetParam();
  static CppRunner runner;
  runner.install(row.state);
  const arpl_slot before = runner.slot(endpoint_slot);
  const auto pair_before = runner.pair(index_of_pair(row));
  const auto outcome = runner.run_egress(build(row.frame));
  expect_egress(row, outcome);
  expect_confirmation(row, before, runner.slot(endpoint_slot), pair_before, runner.pair(index_of_pair(row)),
                      runner.now(), runner.now());
  expect_counted_for_its_sender(row, outcome, runner.sender(row.frame.eth_src));
  expect_events(row, outcome.events);
}

INSTANTIATE_TEST_SUITE_P(Row, CppConfirmation, testing::ValuesIn(egress_rows()), row_name<EgressRow>);

}  // namespace
}  // namespace arpline::packet
