// SPDX-License-Identifier: Apache-2.0
#include "protocol/announcer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "instant.hpp"
#include "protocol/timing.hpp"

namespace arpline {
namespace {

constexpr Duration kMs = 1ms;
constexpr Duration kSecond = 1s;

struct Sent {
  Instant at = kNoTime;
  Id id = 0;
  bool first_after_change = false;
};

// Calls tick() at the times that it returns, rounded to whole milliseconds like the control loop.
class Driver {
 public:
  explicit Driver(const Schedule& schedule) : announcer(schedule), pace(schedule.pps) {}

  std::vector<Sent> run(Instant from, Instant until) {
    std::vector<Sent> sent;
    for (auto now = from; now < until;) {
      const auto wake = announcer.tick(now, pace, [&](const Announcer::Due& due) {
        sent.push_back({now, due.id, due.first_after_change});
        return Announcer::Sent::yes;
      });
      if (wake == kNever) break;
      now = std::max(now + 1ns, Instant{std::chrono::ceil<std::chrono::milliseconds>(wake)});
    }
    return sent;
  }

  static std::vector<Instant> times(const std::vector<Sent>& sent, Id id) {
    std::vector<Instant> times;
    for (const auto& one : sent)
      if (one.id == id) times.push_back(at(duration_from_raw(raw(one.at))));
    return times;
  }

  Announcer announcer;
  RateLimiter pace;
};

TEST(Announcer, a_set_of_two_two_seconds_apart_and_then_every_refresh_at_its_turn) {
  Driver driver({.refresh = 10 * kSecond});
  driver.announcer.appear(1, at(3 * kSecond), false);
  const auto times = Driver::times(driver.run(at(3 * kSecond), at(40 * kSecond)), 1);
  EXPECT_EQ(times, (std::vector<Instant>{at(3 * kSecond), at(5 * kSecond), at(15 * kSecond), at(25 * kSecond),
                                         at(35 * kSecond)}));
}

TEST(Announcer, repeat_interval_and_delay_mean_what_they_mean_for_keepalived) {
  Driver driver({.repeat = 3, .interval = kSecond, .delay = 5 * kSecond, .refresh = 0s});
  driver.announcer.appear(0, at(kSecond), false);
  const auto times = Driver::times(driver.run(at(kSecond), at(100 * kSecond)), 0);
  EXPECT_EQ(times, (std::vector<Instant>{at(kSecond), at(2 * kSecond), at(3 * kSecond), at(6 * kSecond),
                                         at(7 * kSecond), at(8 * kSecond)}));
}

TEST(Announcer, refreshes_go_on_within_a_set_with_a_longer_interval) {
  Driver driver({.interval = 60 * kSecond, .refresh = kSecond});
  driver.announcer.appear(0, at(kSecond), false);
  const auto times = Driver::times(driver.run(at(kSecond), at(30 * kSecond)), 0);
  for (std::size_t i = 1; i < times.size(); ++i)
    EXPECT_LE(times[i] - times[i - 1], duration_from_raw(raw(kSecond)));
  EXPECT_EQ(times.size(), 29U);
}

TEST(Announcer, never_exceeds_the_rate_limit_in_any_window_and_skips_no_endpoint) {
  constexpr std::uint64_t kPps = 1000;
  Driver driver({.refresh = 600 * kSecond, .pps = kPps});
  for (Id id = 0; id < 3000; ++id) driver.announcer.appear(id, at(0s), false);
  const auto sent = driver.run(at(0s), at(20 * kSecond));
  for (std::size_t first = 0; first < sent.size(); ++first) {
    for (const std::size_t frames : {30U, 100U, 1000U}) {
      if (first + frames >= sent.size()) continue;
      // The frames beyond the burst take at least this time.
      EXPECT_GE(sent[first + frames].at - sent[first].at + RateLimiter::kBurst, frames * kSecond / kPps);
    }
  }
  std::map<Id, int> times;
  for (const auto& one : sent) ++times[one.id];
  EXPECT_EQ(times.size(), 3000U);
  EXPECT_TRUE(std::ranges::all_of(times, [](const auto& one) { return one.second >= 2; }));
}

TEST(Announcer, all_refreshes_are_spread_evenly_over_the_period) {
  constexpr Id kIds = 65536;
  Driver driver({.repeat = 1, .refresh = 60 * kSecond, .pps = 1'000'000});
  for (Id id = 0; id < kIds; ++id) driver.announcer.appear(id, at(0s), false);
  driver.run(at(0s), at(60 * kSecond));
  const auto sent = driver.run(at(60 * kSecond), at(70 * kSecond));
  EXPECT_NEAR(static_cast<double>(sent.size()), kIds / 6.0, kIds / 600.0);
  std::map<Duration::rep, int> windows;
  for (const auto& one : sent) ++windows[one.at.time_since_epoch() / (10 * kMs)];
  for (const auto& [window, frames] : windows) EXPECT_LE(frames, 2 * kIds / 6000);
}

TEST(Announcer, a_late_loop_does_not_send_the_missed_refreshes_in_one_burst) {
  constexpr Id kIds = 65536;
  Driver driver({.repeat = 1, .refresh = 60 * kSecond, .pps = 1'000'000});
  for (Id id = 0; id < kIds; ++id) driver.announcer.appear(id, at(0s), false);
  driver.run(at(0s), at(61 * kSecond));
  const auto sent = driver.run(at(61 * kSecond + 200 * kMs), at(70 * kSecond));  // the loop is 200 ms late
  std::map<Duration::rep, int> windows;
  for (const auto& one : sent) ++windows[one.at.time_since_epoch() / (10 * kMs)];
  for (const auto& [window, frames] : windows) EXPECT_LE(frames, 2 * kIds / 6000);
}

TEST(Announcer, sets_go_first_and_refreshes_keep_a_quarter) {
  Driver driver({.interval = kSecond, .refresh = kSecond, .pps = 100});
  for (Id id = 0; id < 60; ++id) driver.announcer.appear(id, at(0s), false);
  driver.run(at(0s), at(5 * kSecond));
  for (Id id = 1000; id < 1600; ++id) driver.announcer.appear(id, at(5 * kSecond), true);
  const auto sent = driver.run(at(5 * kSecond), at(9 * kSecond));
  const auto urgent = std::ranges::count_if(sent, [](const Sent& one) { return one.id >= 1000; });
  const auto refreshes = static_cast<long>(sent.size()) - urgent;
  EXPECT_GT(urgent, refreshes);
  EXPECT_GE(refreshes, static_cast<long>(sent.size()) / 5);
}

TEST(Announcer, an_endpoint_that_changes_all_the_time_does_not_delay_the_others) {
  Driver driver({.interval = 3600 * kSecond, .refresh = 0s, .pps = 10});
  for (Id id = 0; id < 20; ++id) driver.announcer.appear(id, at(0s), false);
  std::vector<Sent> sent;
  for (Instant now = kNoTime; now < at(4 * kSecond); now += 10 * kMs) {
    driver.announcer.appear(0, now, true);
    const auto some = driver.run(now, now + kMs);
    sent.insert(sent.end(), some.begin(), some.end());
  }
  std::map<Id, int> times;
  for (const auto& one : sent) ++times[one.id];
  EXPECT_EQ(times.size(), 20U);
}

TEST(Announcer, only_the_first_announcement_after_a_change_is_for_the_siblings_too) {
  Driver driver({.refresh = 0s});
  driver.announcer.appear(4, at(kSecond), true);
  const auto sent = driver.run(at(kSecond), at(10 * kSecond));
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_TRUE(sent[0].first_after_change);
  EXPECT_FALSE(sent[1].first_after_change);
}

TEST(Announcer, a_held_endpoint_is_not_announced_until_it_appears_again) {
  Driver driver({.refresh = kSecond});
  driver.announcer.appear(1, at(0s), false);
  driver.announcer.hold(1);
  EXPECT_TRUE(driver.announcer.holds(1));
  EXPECT_TRUE(driver.run(at(0s), at(100 * kSecond)).empty());
  driver.announcer.appear(1, at(101 * kSecond), false);
  EXPECT_FALSE(driver.run(at(101 * kSecond), at(102 * kSecond)).empty());
}

TEST(Announcer, an_endpoint_that_send_reports_as_held_is_dropped) {
  Announcer announcer({});
  RateLimiter pace{100};
  announcer.appear(1, at(0s), false);
  announcer.tick(at(0s), pace, [](const Announcer::Due&) { return Announcer::Sent::held; });
  EXPECT_TRUE(announcer.holds(1));
}

TEST(Announcer, an_announcement_without_room_is_tried_again) {
  Announcer announcer({.refresh = 0s});
  RateLimiter pace{1000};
  announcer.appear(1, at(0s), false);
  const auto wake = announcer.tick(at(0s), pace, [](const Announcer::Due&) { return Announcer::Sent::full; });
  EXPECT_LE(wake, at(10 * kMs));
  int sent = 0;
  announcer.tick(wake, pace, [&](const Announcer::Due&) {
    ++sent;
    return Announcer::Sent::yes;
  });
  EXPECT_EQ(sent, 1);
}

TEST(Announcer, thousands_of_new_addresses_on_one_interface_delay_the_others_by_a_few_frames) {
  Driver driver({.refresh = 60 * kSecond});
  constexpr Id kMany = 2000;
  for (Id id = 0; id < kMany; ++id) driver.announcer.appear(id, at(kSecond), true, 1);
  auto sent = driver.run(at(kSecond), at(2 * kSecond));
  driver.announcer.appear(kMany, at(2 * kSecond), true, 2);
  sent = driver.run(at(2 * kSecond), at(3 * kSecond));
  const auto other = std::ranges::find(sent, kMany, &Sent::id);
  ASSERT_NE(other, sent.end());
  EXPECT_LE(other - sent.begin(), 3);
}

TEST(Announcer, an_interface_that_needs_more_than_the_rate_limit_takes_no_refreshes_from_the_others) {
  Driver driver({.refresh = 10 * kSecond, .pps = 100});
  for (Id id = 1; id < 3000; ++id) driver.announcer.appear(id, at(kSecond), false, 1);
  driver.announcer.appear(0, at(kSecond), false, 2);
  const auto times = Driver::times(driver.run(at(kSecond), at(200 * kSecond)), 0);
  for (std::size_t i = 1; i < times.size(); ++i)
    EXPECT_LE(times[i] - times[i - 1], duration_from_raw(raw(11 * kSecond)));
  EXPECT_GE(times.size(), 19U);
}

TEST(Announcer, with_a_rate_of_zero_announces_nothing) {
  Driver driver({.refresh = kSecond, .pps = 0});
  driver.announcer.appear(1, at(0s), false);
  EXPECT_TRUE(driver.run(at(0s), at(100 * kSecond)).empty());
}

TEST(Announcer, announces_with_a_rate_limit_of_one_a_second) {
  Driver driver({.refresh = 600 * kSecond, .pps = 1});
  driver.announcer.appear(1, at(0s), true);
  driver.announcer.appear(2, at(0s), true);
  const auto sent = driver.run(at(kSecond), at(30 * kSecond));
  EXPECT_EQ(Driver::times(sent, 1).size(), 2U);
  EXPECT_EQ(Driver::times(sent, 2).size(), 2U);
}

TEST(Announcer, a_new_schedule_takes_effect_at_once) {
  Driver driver({.refresh = 3600 * kSecond});
  driver.announcer.appear(0, at(1ns), false);
  driver.run(at(1ns), at(10 * kSecond));
  driver.announcer.set_schedule({.refresh = kSecond}, at(10 * kSecond));
  EXPECT_EQ(Driver::times(driver.run(at(10 * kSecond), at(13 * kSecond + kMs)), 0).size(), 3U);
  driver.announcer.set_schedule({.refresh = 0s}, at(14 * kSecond));
  EXPECT_TRUE(driver.run(at(14 * kSecond), at(100 * kSecond)).empty());
}

TEST(Announcer, style_both_takes_two_frames_of_the_rate_limit) {
  EXPECT_EQ(Announcer({.style = Style::both}).frames(), 2U);
  EXPECT_EQ(Announcer({}).frames(), 1U);
}

TEST(Spread, turn_is_a_fixed_phase_of_the_period_and_never_now) {
  for (const Id id : {0U, 1U, 77U, 65535U}) {
    const auto first = next_turn(id, 60 * kSecond, at(1'000'000 * kSecond));
    EXPECT_GT(first, at(1'000'000 * kSecond));
    EXPECT_LE(first, at(1'000'060 * kSecond));
    EXPECT_EQ(next_turn(id, 60 * kSecond, first), first + 60 * kSecond);
  }
}

}  // namespace
}  // namespace arpline
