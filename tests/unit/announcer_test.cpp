// SPDX-License-Identifier: Apache-2.0
#include "protocol/announcer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "protocol/timing.hpp"

namespace arpline {
namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1000 * kMs;

struct Sent {
  std::uint64_t at = 0;
  Id id = 0;
  bool first_after_change = false;
};

// Calls tick() at the times that it returns, rounded to whole milliseconds like the control loop.
class Driver {
 public:
  explicit Driver(const Schedule& schedule) : announcer(schedule), pace(schedule.pps) {}

  std::vector<Sent> run(std::uint64_t from, std::uint64_t until) {
    std::vector<Sent> sent;
    for (auto now = from; now < until;) {
      const auto wake = announcer.tick(now, pace, [&](const Announcer::Due& due) {
        sent.push_back({now, due.id, due.first_after_change});
        return Announcer::Sent::yes;
      });
      if (wake == kNever) break;
      now = std::max(now + 1, (wake + kMs - 1) / kMs * kMs);
    }
    return sent;
  }

  static std::vector<std::uint64_t> times(const std::vector<Sent>& sent, Id id) {
    std::vector<std::uint64_t> times;
    for (const auto& one : sent)
      if (one.id == id) times.push_back(one.at);
    return times;
  }

  Announcer announcer;
  RateLimiter pace;
};

TEST(Announcer, a_set_of_two_two_seconds_apart_and_then_every_refresh_at_its_turn) {
  Driver driver({.refresh_ns = 10 * kSecond});
  driver.announcer.appear(1, 3 * kSecond, false);
  const auto times = Driver::times(driver.run(3 * kSecond, 40 * kSecond), 1);
  EXPECT_EQ(times,
            (std::vector<std::uint64_t>{3 * kSecond, 5 * kSecond, 15 * kSecond, 25 * kSecond, 35 * kSecond}));
}

TEST(Announcer, repeat_interval_and_delay_mean_what_they_mean_for_keepalived) {
  Driver driver({.repeat = 3, .interval_ns = kSecond, .delay_ns = 5 * kSecond, .refresh_ns = 0});
  driver.announcer.appear(0, kSecond, false);
  const auto times = Driver::times(driver.run(kSecond, 100 * kSecond), 0);
  EXPECT_EQ(times, (std::vector<std::uint64_t>{kSecond, 2 * kSecond, 3 * kSecond, 6 * kSecond, 7 * kSecond,
                                               8 * kSecond}));
}

TEST(Announcer, refreshes_go_on_within_a_set_with_a_longer_interval) {
  Driver driver({.interval_ns = 60 * kSecond, .refresh_ns = kSecond});
  driver.announcer.appear(0, kSecond, false);
  const auto times = Driver::times(driver.run(kSecond, 30 * kSecond), 0);
  for (std::size_t i = 1; i < times.size(); ++i) EXPECT_LE(times[i] - times[i - 1], kSecond);
  EXPECT_EQ(times.size(), 29U);
}

TEST(Announcer, never_exceeds_the_rate_limit_in_any_window_and_skips_no_endpoint) {
  constexpr std::uint64_t kPps = 1000;
  Driver driver({.refresh_ns = 600 * kSecond, .pps = kPps});
  for (Id id = 0; id < 3000; ++id) driver.announcer.appear(id, 0, false);
  const auto sent = driver.run(0, 20 * kSecond);
  for (std::size_t first = 0; first < sent.size(); ++first) {
    for (const std::size_t frames : {30U, 100U, 1000U}) {
      if (first + frames >= sent.size()) continue;
      // The frames beyond the burst take at least this time.
      EXPECT_GE(sent[first + frames].at - sent[first].at + RateLimiter::kBurstNs, frames * kSecond / kPps);
    }
  }
  std::map<Id, int> times;
  for (const auto& one : sent) ++times[one.id];
  EXPECT_EQ(times.size(), 3000U);
  EXPECT_TRUE(std::ranges::all_of(times, [](const auto& one) { return one.second >= 2; }));
}

TEST(Announcer, all_refreshes_are_spread_evenly_over_the_period) {
  constexpr Id kIds = 65536;
  Driver driver({.repeat = 1, .refresh_ns = 60 * kSecond, .pps = 1'000'000});
  for (Id id = 0; id < kIds; ++id) driver.announcer.appear(id, 0, false);
  driver.run(0, 60 * kSecond);
  const auto sent = driver.run(60 * kSecond, 70 * kSecond);
  EXPECT_NEAR(static_cast<double>(sent.size()), kIds / 6.0, kIds / 600.0);
  std::map<std::uint64_t, int> windows;
  for (const auto& one : sent) ++windows[one.at / (10 * kMs)];
  for (const auto& [window, frames] : windows) EXPECT_LE(frames, 2 * kIds / 6000);
}

TEST(Announcer, a_late_loop_does_not_send_the_missed_refreshes_in_one_burst) {
  constexpr Id kIds = 65536;
  Driver driver({.repeat = 1, .refresh_ns = 60 * kSecond, .pps = 1'000'000});
  for (Id id = 0; id < kIds; ++id) driver.announcer.appear(id, 0, false);
  driver.run(0, 61 * kSecond);
  const auto sent = driver.run(61 * kSecond + 200 * kMs, 70 * kSecond);  // the loop is 200 ms late
  std::map<std::uint64_t, int> windows;
  for (const auto& one : sent) ++windows[one.at / (10 * kMs)];
  for (const auto& [window, frames] : windows) EXPECT_LE(frames, 2 * kIds / 6000);
}

TEST(Announcer, sets_go_first_and_refreshes_keep_a_quarter) {
  Driver driver({.interval_ns = kSecond, .refresh_ns = kSecond, .pps = 100});
  for (Id id = 0; id < 60; ++id) driver.announcer.appear(id, 0, false);
  driver.run(0, 5 * kSecond);
  for (Id id = 1000; id < 1600; ++id) driver.announcer.appear(id, 5 * kSecond, true);
  const auto sent = driver.run(5 * kSecond, 9 * kSecond);
  const auto urgent = std::ranges::count_if(sent, [](const Sent& one) { return one.id >= 1000; });
  const auto refreshes = static_cast<long>(sent.size()) - urgent;
  EXPECT_GT(urgent, refreshes);
  EXPECT_GE(refreshes, static_cast<long>(sent.size()) / 5);
}

TEST(Announcer, an_endpoint_that_changes_all_the_time_does_not_delay_the_others) {
  Driver driver({.interval_ns = 3600 * kSecond, .refresh_ns = 0, .pps = 10});
  for (Id id = 0; id < 20; ++id) driver.announcer.appear(id, 0, false);
  std::vector<Sent> sent;
  for (std::uint64_t now = 0; now < 4 * kSecond; now += 10 * kMs) {
    driver.announcer.appear(0, now, true);
    const auto some = driver.run(now, now + kMs);
    sent.insert(sent.end(), some.begin(), some.end());
  }
  std::map<Id, int> times;
  for (const auto& one : sent) ++times[one.id];
  EXPECT_EQ(times.size(), 20U);
}

TEST(Announcer, only_the_first_announcement_after_a_change_is_for_the_siblings_too) {
  Driver driver({.refresh_ns = 0});
  driver.announcer.appear(4, kSecond, true);
  const auto sent = driver.run(kSecond, 10 * kSecond);
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_TRUE(sent[0].first_after_change);
  EXPECT_FALSE(sent[1].first_after_change);
}

TEST(Announcer, a_held_endpoint_is_not_announced_until_it_appears_again) {
  Driver driver({.refresh_ns = kSecond});
  driver.announcer.appear(1, 0, false);
  driver.announcer.hold(1);
  EXPECT_TRUE(driver.announcer.holds(1));
  EXPECT_TRUE(driver.run(0, 100 * kSecond).empty());
  driver.announcer.appear(1, 101 * kSecond, false);
  EXPECT_FALSE(driver.run(101 * kSecond, 102 * kSecond).empty());
}

TEST(Announcer, an_endpoint_that_send_reports_as_held_is_dropped) {
  Announcer announcer({});
  RateLimiter pace{100};
  announcer.appear(1, 0, false);
  announcer.tick(0, pace, [](const Announcer::Due&) { return Announcer::Sent::held; });
  EXPECT_TRUE(announcer.holds(1));
}

TEST(Announcer, an_announcement_without_room_is_tried_again) {
  Announcer announcer({.refresh_ns = 0});
  RateLimiter pace{1000};
  announcer.appear(1, 0, false);
  const auto wake = announcer.tick(0, pace, [](const Announcer::Due&) { return Announcer::Sent::full; });
  EXPECT_LE(wake, 10 * kMs);
  int sent = 0;
  announcer.tick(wake, pace, [&](const Announcer::Due&) {
    ++sent;
    return Announcer::Sent::yes;
  });
  EXPECT_EQ(sent, 1);
}

TEST(Announcer, thousands_of_new_addresses_on_one_interface_delay_the_others_by_a_few_frames) {
  Driver driver({.refresh_ns = 60 * kSecond});
  constexpr Id kMany = 2000;
  for (Id id = 0; id < kMany; ++id) driver.announcer.appear(id, kSecond, true, 1);
  auto sent = driver.run(kSecond, 2 * kSecond);
  driver.announcer.appear(kMany, 2 * kSecond, true, 2);
  sent = driver.run(2 * kSecond, 3 * kSecond);
  const auto other = std::ranges::find(sent, kMany, &Sent::id);
  ASSERT_NE(other, sent.end());
  EXPECT_LE(other - sent.begin(), 3);
}

TEST(Announcer, an_interface_that_needs_more_than_the_rate_limit_takes_no_refreshes_from_the_others) {
  Driver driver({.refresh_ns = 10 * kSecond, .pps = 100});
  for (Id id = 1; id < 3000; ++id) driver.announcer.appear(id, kSecond, false, 1);
  driver.announcer.appear(0, kSecond, false, 2);
  const auto times = Driver::times(driver.run(kSecond, 200 * kSecond), 0);
  for (std::size_t i = 1; i < times.size(); ++i) EXPECT_LE(times[i] - times[i - 1], 11 * kSecond);
  EXPECT_GE(times.size(), 19U);
}

TEST(Announcer, with_a_rate_of_zero_announces_nothing) {
  Driver driver({.refresh_ns = kSecond, .pps = 0});
  driver.announcer.appear(1, 0, false);
  EXPECT_TRUE(driver.run(0, 100 * kSecond).empty());
}

TEST(Announcer, announces_with_a_rate_limit_of_one_a_second) {
  Driver driver({.refresh_ns = 600 * kSecond, .pps = 1});
  driver.announcer.appear(1, 0, true);
  driver.announcer.appear(2, 0, true);
  const auto sent = driver.run(kSecond, 30 * kSecond);
  EXPECT_EQ(Driver::times(sent, 1).size(), 2U);
  EXPECT_EQ(Driver::times(sent, 2).size(), 2U);
}

TEST(Announcer, a_new_schedule_takes_effect_at_once) {
  Driver driver({.refresh_ns = 3600 * kSecond});
  driver.announcer.appear(0, 1, false);
  driver.run(1, 10 * kSecond);
  driver.announcer.set_schedule({.refresh_ns = kSecond}, 10 * kSecond);
  EXPECT_EQ(Driver::times(driver.run(10 * kSecond, 13 * kSecond + kMs), 0).size(), 3U);
  driver.announcer.set_schedule({.refresh_ns = 0}, 14 * kSecond);
  EXPECT_TRUE(driver.run(14 * kSecond, 100 * kSecond).empty());
}

TEST(Announcer, style_both_takes_two_frames_of_the_rate_limit) {
  EXPECT_EQ(Announcer({.style = Style::both}).frames(), 2U);
  EXPECT_EQ(Announcer({}).frames(), 1U);
}

TEST(Spread, turn_is_a_fixed_phase_of_the_period_and_never_now) {
  for (const Id id : {0U, 1U, 77U, 65535U}) {
    const auto first = next_turn(id, 60 * kSecond, 1'000'000 * kSecond);
    EXPECT_GT(first, 1'000'000 * kSecond);
    EXPECT_LE(first, 1'000'060 * kSecond);
    EXPECT_EQ(next_turn(id, 60 * kSecond, first), first + 60 * kSecond);
  }
}

}  // namespace
}  // namespace arpline
