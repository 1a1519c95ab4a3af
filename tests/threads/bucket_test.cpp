// SPDX-License-Identifier: Apache-2.0
#include "shared/bucket.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

namespace arpline {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t interval = second / 100;  // 100 frames a second
constexpr std::uint64_t burst = 500 * interval;
constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();

int taken(__u64& word, std::uint64_t now, int tries, std::uint64_t interval_ns = interval,
          std::uint64_t burst_ns = burst) {
  int n = 0;
  for (int i = 0; i < tries; ++i) n += arpl_bucket_take(&word, now, {interval_ns, burst_ns});
  return n;
}

TEST(Bucket, holds_its_burst_at_once_and_no_more) {
  __u64 word = 0;
  EXPECT_EQ(taken(word, 1000 * second, 10'000), 500);
}

TEST(Bucket, refills_at_its_rate) {
  __u64 word = 0;
  std::uint64_t now = 1000 * second;
  taken(word, now, 10'000);
  for (int i = 0; i < 10; ++i) {
    now += second;
    EXPECT_EQ(taken(word, now, 10'000), 100);
  }
}

TEST(Bucket, gives_one_token_per_interval) {
  __u64 word = 0;
  const std::uint64_t now = 1000 * second;
  taken(word, now, 10'000);
  EXPECT_EQ(taken(word, now + interval - 1, 10), 0);
  EXPECT_EQ(taken(word, now + interval, 10), 1);
}

TEST(Bucket, never_exceeds_burst_and_rate_under_a_steady_flood) {
  __u64 word = 0;
  int n = 0;
  const std::uint64_t start = 5 * second;
  for (std::uint64_t t = 0; t < 10 * second; t += second / 10'000) n += taken(word, start + t, 1);
  EXPECT_GE(n, 500 + 999);
  EXPECT_LE(n, 500 + 1000);
}

TEST(Bucket, a_rate_below_its_own_is_never_refused) {
  __u64 word = 0;
  for (std::uint64_t i = 1; i < 10'000; ++i) ASSERT_EQ(taken(word, i * interval, 1, interval, interval), 1);
}

TEST(Bucket, a_burst_of_one_is_one_frame_per_interval) {
  __u64 word = 0;
  EXPECT_EQ(taken(word, second, 10, interval, interval), 1);
  EXPECT_EQ(taken(word, second + interval - 1, 10, interval, interval), 0);
  EXPECT_EQ(taken(word, second + interval, 10, interval, interval), 1);
}

TEST(Bucket, a_budget_of_nothing_gives_nothing) {
  __u64 word = 0;
  EXPECT_EQ(taken(word, 1000 * second, 10, second, 0), 0);
  EXPECT_EQ(taken(word, 1000 * second, 10, second, second - 1), 0);
  EXPECT_EQ(word, 0U) << "a refusal costs nothing";
}

TEST(Bucket, a_budget_of_nothing_gives_nothing_at_any_time) {
  for (const std::uint64_t now : {std::uint64_t{0}, std::uint64_t{1}, second, max - 1, max}) {
    __u64 word = 0;
    EXPECT_EQ(taken(word, now, 10, second, 0), 0) << now;
    EXPECT_FALSE(arpl_bucket_peek(&word, now, {second, 0})) << now;
  }
}

TEST(Bucket, the_highest_rate_is_a_frame_a_nanosecond) {
  for (const std::uint64_t start : {std::uint64_t{0}, second, 3600 * 24 * 365 * second}) {
    __u64 word = 0;
    EXPECT_EQ(taken(word, start, 10'000, 1, 1000), 1000) << start;
    EXPECT_EQ(taken(word, start + 1, 10, 1, 1000), 1) << start;
    EXPECT_EQ(taken(word, start + 101, 1000, 1, 1000), 100) << start;
    EXPECT_EQ(taken(word, start + second, 10'000, 1, 1000), 1000) << start;
  }
}

TEST(Bucket, without_a_limit_gives_always_and_remembers_nothing) {
  __u64 word = 0;
  EXPECT_EQ(taken(word, 1000 * second, 100'000, 0, 0), 100'000);
  EXPECT_EQ(word, 0U);
  word = max;
  EXPECT_EQ(taken(word, 0, 10, 0, 0), 10);
}

TEST(Bucket, works_from_a_clock_at_zero) {
  __u64 word = 0;
  EXPECT_EQ(taken(word, 0, 10'000), 500);
  EXPECT_EQ(taken(word, interval, 10'000), 1);
}

TEST(Bucket, a_long_idle_time_fills_it_to_its_burst_only) {
  __u64 word = 0;
  taken(word, second, 10'000);
  EXPECT_EQ(taken(word, 3600 * 24 * 365 * second, 10'000), 500);
}

TEST(Bucket, a_refusal_takes_nothing) {
  __u64 word = 0;
  taken(word, second, 500);
  const __u64 full = word;
  EXPECT_EQ(taken(word, second, 1000), 0);
  EXPECT_EQ(word, full);
}

TEST(Bucket, a_peek_takes_nothing_and_tells_the_truth) {
  __u64 word = 0;
  for (int i = 0; i < 600; ++i) {
    const __u64 before = word;
    const int there = arpl_bucket_peek(&word, second, {interval, burst});
    ASSERT_EQ(word, before);
    ASSERT_EQ(there, arpl_bucket_take(&word, second, {interval, burst}));
  }
  EXPECT_TRUE(arpl_bucket_peek(&word, second, {0, 0}));
}

TEST(Bucket, a_clock_that_steps_back_gives_nothing_for_it) {
  __u64 word = 0;
  taken(word, 10 * second, 10'000);
  EXPECT_EQ(taken(word, 9 * second, 10'000), 0);
  EXPECT_EQ(taken(word, 10 * second + interval, 10'000), 1);
}

TEST(Bucket, maximum_values_neither_overflow_nor_give_more) {
  __u64 word = 0;
  EXPECT_EQ(taken(word, second, 10, max, burst), 0) << "an endless interval";
  word = 0;
  EXPECT_EQ(taken(word, second, 1000, interval, max), 1000) << "an endless burst";
  word = max;
  EXPECT_EQ(taken(word, second, 10), 0) << "a word that owes for ever";
  word = 0;
  EXPECT_EQ(taken(word, max - burst, 10'000), 500) << "a clock near its end";
}

TEST(Bucket, two_threads_together_never_take_more_than_the_budget_threads) {
  __u64 word = 0;
  std::atomic<std::uint64_t> clock{second};
  std::atomic<int> total{0};
  std::atomic<int> ready{0};
  constexpr int steps = 200'000;
  const auto spend = [&] {
    ready.fetch_add(1);
    while (ready.load() < 2) std::this_thread::yield();
    int n = 0;
    for (int i = 0; i < steps; ++i)
      n += arpl_bucket_take(&word, clock.fetch_add(1000) + 1000, {interval, burst});
    total.fetch_add(n);
  };
  std::thread one{spend};
  std::thread two{spend};
  one.join();
  two.join();
  const auto elapsed = clock.load() - second;
  EXPECT_LE(total.load(), static_cast<int>((burst + elapsed) / interval));
  EXPECT_GE(total.load(), 500) << "lost races are not lost for ever";
}

TEST(Bucket, two_threads_at_the_same_instant_take_the_burst_threads) {
  __u64 word = 0;
  std::atomic<int> total{0};
  const auto spend = [&] { total.fetch_add(taken(word, second, 100'000)); };
  std::thread one(spend);
  std::thread other(spend);
  one.join();
  other.join();
  EXPECT_EQ(total.load(), 500);
}

TEST(Bucket, two_threads_at_the_highest_rate_never_take_more_than_the_budget_threads) {
  __u64 word = 0;
  std::atomic<int> total{0};
  const auto spend = [&] { total.fetch_add(taken(word, 0, 100'000, 1, 1000)); };
  std::thread one(spend);
  std::thread other(spend);
  one.join();
  other.join();
  EXPECT_EQ(total.load(), 1000);
}

TEST(Bucket, two_threads_get_nothing_from_a_budget_of_nothing_threads) {
  __u64 word = 0;
  std::atomic<int> total{0};
  const auto spend = [&] { total.fetch_add(taken(word, second, 100'000, second, 0)); };
  std::thread one(spend);
  std::thread other(spend);
  one.join();
  other.join();
  EXPECT_EQ(total.load(), 0);
  EXPECT_EQ(word, 0U);
}

}  // namespace
}  // namespace arpline
