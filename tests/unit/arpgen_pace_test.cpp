// SPDX-License-Identifier: Apache-2.0
// The times at which frames are sent: set by the clock in an open loop, by the answers in a closed one.
#include "arpgen/bpf/pace.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace {

constexpr std::uint64_t kMicrosecond = 1000;
constexpr std::uint64_t kSecond = 1'000'000'000;

struct Pace : testing::Test {
  arpgen_pace pace{.seed = 1, .duration_ns = kSecond, .frames = 1'000'000, .deadline_ns = 1000 * kMicrosecond};
  arpgen_progress progress{};

  enum arpgen_turn turn(std::uint64_t now, std::uint64_t settled = 0) {
    return arpgen_turn(&pace, &progress, settled, now);
  }
  void sent(std::uint32_t quantile = 0) { arpgen_advance(&pace, &progress, 1, quantile); }
  void every(std::uint64_t nanoseconds) { pace.gap = nanoseconds << ARPGEN_GAP_BITS; }
  /// Sends the frames that are due at `now`; returns their due times.
  std::vector<std::uint64_t> due_at(std::uint64_t now) {
    std::vector<std::uint64_t> due;
    while (turn(now) == ARPGEN_SEND) {
      due.push_back(arpgen_due(&pace, &progress, now));
      sent();
    }
    return due;
  }
};

TEST_F(Pace, at_full_speed_every_turn_sends_and_a_frame_is_due_when_it_is_made) {
  for (std::uint64_t now = 5; now < 50; ++now) {
    ASSERT_EQ(turn(now), ARPGEN_SEND);
    ASSERT_EQ(arpgen_due(&pace, &progress, now), now);
    sent();
  }
}

TEST_F(Pace, a_constant_rate_has_equal_gaps_from_the_first_turn_on) {
  every(10 * kMicrosecond);
  EXPECT_EQ(due_at(7), (std::vector<std::uint64_t>{7}));
  EXPECT_EQ(turn(7 + 10 * kMicrosecond - 1), ARPGEN_WAIT);
  EXPECT_EQ(due_at(7 + 10 * kMicrosecond), (std::vector<std::uint64_t>{7 + 10 * kMicrosecond}));
}

TEST_F(Pace, the_missed_frames_of_a_late_sender_keep_their_due_times) {
  every(10 * kMicrosecond);
  due_at(7);
  EXPECT_EQ(due_at(7 + 35 * kMicrosecond),
            (std::vector<std::uint64_t>{7 + 10 * kMicrosecond, 7 + 20 * kMicrosecond, 7 + 30 * kMicrosecond}));
}

TEST_F(Pace, a_constant_rate_does_not_drift) {
  pace.gap = static_cast<std::uint64_t>(1e9 / 3 * (1U << ARPGEN_GAP_BITS)) / 1'000'000;  // 3 M/s
  pace.frames = ~0ULL;
  pace.duration_ns = 10 * kSecond;
  turn(1);
  for (int i = 0; i < 3'000'000; ++i) sent();
  EXPECT_NEAR(static_cast<double>(arpgen_due(&pace, &progress, 0)), 1e9, 100'000);
}

TEST_F(Pace, ends_with_the_time_or_the_number_of_frames_whichever_comes_first) {
  pace.frames = 3;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(turn(10), ARPGEN_SEND);
    sent();
  }
  EXPECT_EQ(turn(20), ARPGEN_DONE);
  EXPECT_EQ(progress.ended_at, 20U);
  EXPECT_EQ(turn(30), ARPGEN_DONE);
  EXPECT_EQ(progress.ended_at, 20U);

  progress = {};
  ASSERT_EQ(turn(10), ARPGEN_SEND);
  EXPECT_EQ(turn(10 + kSecond), ARPGEN_DONE);
}

TEST_F(Pace, a_run_of_a_second_has_as_many_frames_as_its_rate) {
  every(1'000'000);
  std::size_t count = 0;
  for (std::uint64_t now = 3; turn(now) != ARPGEN_DONE; now += 777) count += due_at(now).size();
  EXPECT_EQ(count, 1000U);
}

TEST_F(Pace, a_closed_loop_waits_when_its_window_is_full) {
  pace.window = 2;
  EXPECT_EQ(turn(1), ARPGEN_SEND);
  sent();
  EXPECT_EQ(turn(1), ARPGEN_SEND);
  sent();
  EXPECT_EQ(turn(1), ARPGEN_WAIT);
  EXPECT_EQ(turn(2, 1), ARPGEN_SEND);
  sent();
  EXPECT_EQ(turn(2, 1), ARPGEN_WAIT);
}

TEST_F(Pace, a_closed_loop_gives_up_open_requests_when_no_answer_comes_for_the_deadline) {
  pace.window = 2;
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(turn(1), ARPGEN_SEND);
    sent();
  }
  EXPECT_EQ(turn(1 + pace.deadline_ns), ARPGEN_WAIT);
  EXPECT_EQ(turn(2 + pace.deadline_ns), ARPGEN_SEND);
  sent();
  EXPECT_EQ(turn(3 + pace.deadline_ns), ARPGEN_SEND);
  sent();
  EXPECT_EQ(turn(4 + pace.deadline_ns), ARPGEN_WAIT);
}

TEST_F(Pace, a_closed_loop_gives_nothing_up_before_the_deadline_of_the_request_after_a_pause) {
  pace.window = 1;
  ASSERT_EQ(turn(1), ARPGEN_SEND);
  sent();
  const auto later = 1 + 100 * pace.deadline_ns;
  ASSERT_EQ(turn(later, 1), ARPGEN_SEND);
  sent();
  EXPECT_EQ(turn(later + pace.deadline_ns, 1), ARPGEN_WAIT);
}

TEST_F(Pace, frames_that_nobody_answers_do_not_fill_the_window) {
  pace.window = 1;
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(turn(1), ARPGEN_SEND);
    arpgen_advance(&pace, &progress, 0, 0);
  }
}

TEST_F(Pace, a_poisson_gap_is_the_mean_gap_times_its_quantile) {
  every(10 * kMicrosecond);
  pace.poisson = 1;
  turn(0x1000);
  sent(3U << (ARPGEN_QUANTILE_BITS - 1));  // 1.5
  EXPECT_NEAR(static_cast<double>(arpgen_due(&pace, &progress, 0) - 0x1000), 15'000, 2);
}

TEST_F(Pace, the_longest_poisson_gap_does_not_overflow) {
  every(ARPGEN_MAX_GAP_NS);
  pace.poisson = 1;
  turn(1);
  sent(9U << ARPGEN_QUANTILE_BITS);
  EXPECT_NEAR(static_cast<double>(arpgen_due(&pace, &progress, 0)), 9.0 * ARPGEN_MAX_GAP_NS, 1e6);
}

TEST(Quantile, every_one_is_drawn_about_as_often) {
  std::vector<int> drawn(ARPGEN_QUANTILES);
  for (std::uint64_t i = 0; i < 100 * ARPGEN_QUANTILES; ++i) ++drawn[arpgen_quantile(7, i)];
  for (const int count : drawn) {
    ASSERT_GT(count, 40);
    ASSERT_LT(count, 180);
  }
}

}  // namespace
