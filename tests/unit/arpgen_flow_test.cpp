// SPDX-License-Identifier: Apache-2.0
// The matching of answers to requests, and the precision of the latency histogram.
#include "arpgen/bpf/flow.h"

#include <gtest/gtest.h>

#include "arpgen/bpf/histogram.h"

namespace {

constexpr std::uint64_t kDeadline = 1'000'000;
constexpr std::uint64_t kKey = 42;

struct Flow : testing::Test {
  arpgen_flow flow{};
  __u64 latency = 0;

  void ask(std::uint64_t due) { arpgen_note_sent(&flow, kKey, due); }
  arpgen_outcome answer(std::uint64_t now) { return arpgen_settle(&flow, kKey, now, kDeadline, &latency); }
};

TEST_F(Flow, latency_starts_at_the_due_time_of_the_request) {
  ask(1000);
  EXPECT_EQ(answer(1700), ARPGEN_ANSWERED);
  EXPECT_EQ(latency, 700U);
}

TEST_F(Flow, matches_answers_in_the_order_of_the_requests) {
  ask(1000);
  ask(2000);
  ask(3000);
  EXPECT_EQ(answer(3100), ARPGEN_ANSWERED);
  EXPECT_EQ(latency, 2100U);
  EXPECT_EQ(answer(3200), ARPGEN_ANSWERED);
  EXPECT_EQ(latency, 1200U);
  EXPECT_EQ(answer(3300), ARPGEN_ANSWERED);
  EXPECT_EQ(latency, 300U);
}

TEST_F(Flow, counts_a_second_answer_as_a_duplicate) {
  ask(1000);
  answer(1100);
  EXPECT_EQ(answer(1200), ARPGEN_DUPLICATE);
}

TEST_F(Flow, counts_an_answer_after_the_deadline_as_late_and_once) {
  ask(1000);
  EXPECT_EQ(answer(1000 + kDeadline + 1), ARPGEN_LATE);
  EXPECT_EQ(answer(1000 + kDeadline + 2), ARPGEN_DUPLICATE);
}

TEST_F(Flow, an_answer_at_the_deadline_is_in_time) {
  ask(1000);
  EXPECT_EQ(answer(1000 + kDeadline), ARPGEN_ANSWERED);
}

TEST_F(Flow, a_lost_request_does_not_shift_the_latency_of_those_after_the_deadline) {
  ask(1000);  // never answered
  const std::uint64_t later = 1000 + 2 * kDeadline;
  ask(later);
  EXPECT_EQ(answer(later + 500), ARPGEN_ANSWERED);
  EXPECT_EQ(latency, 500U);
}

TEST_F(Flow, after_a_loss_latency_is_never_reported_shorter_than_it_was) {
  ask(1000);  // lost
  ask(2000);
  EXPECT_EQ(answer(2300), ARPGEN_ANSWERED);
  EXPECT_GE(latency, 300U);
}

TEST_F(Flow, does_not_time_an_answer_whose_request_is_too_far_behind) {
  for (std::uint64_t i = 0; i < 2 * ARPGEN_HISTORY; ++i) ask(1000 + i);
  EXPECT_EQ(answer(1100), ARPGEN_ANSWERED);
  EXPECT_EQ(latency, 0U);
}

TEST_F(Flow, gives_up_everything_before_a_request_that_is_past_the_deadline) {
  for (std::uint64_t i = 0; i < 2 * ARPGEN_HISTORY; ++i) ask(1000 + i);
  const std::uint64_t later = 1000 + 2 * kDeadline;
  ask(later);
  EXPECT_EQ(answer(later + 5), ARPGEN_ANSWERED);
  EXPECT_EQ(flow.lost, 2 * ARPGEN_HISTORY);
  EXPECT_EQ(latency, 5U);
}

TEST_F(Flow, an_answer_for_another_flow_in_the_same_place_was_not_asked_for) {
  ask(1000);
  arpgen_note_sent(&flow, kKey + 1, 2000);
  EXPECT_EQ(answer(2100), ARPGEN_UNASKED);
  EXPECT_EQ(arpgen_settle(&flow, kKey + 1, 2100, kDeadline, &latency), ARPGEN_ANSWERED);
  EXPECT_EQ(latency, 100U);
}

TEST_F(Flow, counts_correctly_when_the_number_of_requests_wraps) {
  flow.key = kKey;
  flow.sent = 0xffffffffU;
  flow.settled = 0xffffffffU;
  ask(1000);
  ask(2000);
  EXPECT_EQ(answer(2100), ARPGEN_ANSWERED);
  EXPECT_EQ(latency, 1100U);
  EXPECT_EQ(answer(2200), ARPGEN_ANSWERED);
  EXPECT_EQ(answer(2300), ARPGEN_DUPLICATE);
}

TEST(Histogram, knows_every_value_to_one_part_in_64) {
  for (std::uint64_t value = 1; value < std::uint64_t{1} << 36U; value += 1 + value / 37) {
    const auto bucket = arpgen_bucket(value);
    ASSERT_LT(bucket, ARPGEN_BUCKETS);
    ASSERT_GE(arpgen_bucket_top(bucket), value);
    ASSERT_LE(arpgen_bucket_top(bucket) - value, value / 64);
  }
}

TEST(Histogram, has_no_gap_and_no_overlap) {
  for (std::uint32_t bucket = 1; bucket < ARPGEN_BUCKETS; ++bucket) {
    ASSERT_EQ(arpgen_bucket(arpgen_bucket_top(bucket - 1) + 1), bucket);
    ASSERT_EQ(arpgen_bucket(arpgen_bucket_top(bucket)), bucket);
  }
}

TEST(Histogram, puts_too_large_values_into_the_last_bucket) {
  EXPECT_EQ(arpgen_bucket(std::uint64_t{1} << 36U), ARPGEN_BUCKETS - 1);
  EXPECT_EQ(arpgen_bucket(~std::uint64_t{0}), ARPGEN_BUCKETS - 1);
}

}  // namespace
