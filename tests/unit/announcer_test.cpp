// SPDX-License-Identifier: Apache-2.0
#include "protocol/announcer.hpp"

#include <gtest/gtest.h>

#include <map>

namespace arpline {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kTick = kSecond / 4;

// Drives the announcer as the control loop does; returns when each endpoint was announced, in quarter seconds.
std::map<Announcer::Id, std::vector<std::uint64_t>> run(Announcer& announcer, std::uint64_t from,
                                                        std::uint64_t ticks) {
  std::map<Announcer::Id, std::vector<std::uint64_t>> sent;
  for (std::uint64_t t = from; t < from + ticks; ++t) {
    for (const auto id : announcer.tick(t * kTick)) sent[id].push_back(t);
  }
  return sent;
}

TEST(Announcer, announces_twice_two_seconds_apart_and_then_every_refresh) {
  Announcer announcer({.refresh_ns = 10 * kSecond, .pps = 100});
  announcer.appear(7, 0);
  EXPECT_EQ(run(announcer, 0, 120)[7], (std::vector<std::uint64_t>{0, 8, 48, 88}));
}

TEST(Announcer, never_exceeds_the_pace_and_forgets_nobody) {
  Announcer announcer({.refresh_ns = 600 * kSecond, .pps = 100});
  for (Announcer::Id id = 0; id < 1000; ++id) announcer.appear(id, 0);
  std::size_t total = 0;
  for (std::uint64_t t = 0; t < 200; ++t) {
    const auto now = announcer.tick(t * kTick).size();
    EXPECT_LE(now, 25U) << "in quarter second " << t;
    total += now;
  }
  EXPECT_EQ(total, 2000U);
}

TEST(Announcer, is_silent_about_what_is_held_back_until_it_appears_again) {
  Announcer announcer({.refresh_ns = kSecond, .pps = 100});
  announcer.appear(1, 0);
  EXPECT_EQ(announcer.tick(0).size(), 1U);
  announcer.hold(1);
  EXPECT_TRUE(announcer.holds(1));
  EXPECT_TRUE(run(announcer, 1, 100).empty());
  announcer.appear(1, 101 * kTick);
  EXPECT_EQ(run(announcer, 101, 9)[1], (std::vector<std::uint64_t>{101, 109}));
}

TEST(Announcer, with_a_pace_of_zero_announces_nothing) {
  Announcer announcer({.refresh_ns = kSecond, .pps = 0});
  announcer.appear(1, 0);
  EXPECT_TRUE(run(announcer, 0, 100).empty());
}

TEST(Announcer, new_refresh_counts_from_the_last_announcement) {
  Announcer announcer({.refresh_ns = 3600 * kSecond, .pps = 100});
  announcer.appear(1, 0);
  EXPECT_EQ(run(announcer, 0, 9)[1], (std::vector<std::uint64_t>{0, 8}));
  announcer.set_schedule({.refresh_ns = kSecond, .pps = 100}, 9 * kTick);
  EXPECT_EQ(run(announcer, 9, 8)[1], (std::vector<std::uint64_t>{12, 16}));
  announcer.set_schedule({.refresh_ns = 0, .pps = 100}, 17 * kTick);
  EXPECT_TRUE(run(announcer, 17, 100).empty());
  announcer.set_schedule({.refresh_ns = kSecond, .pps = 100}, 117 * kTick);
  EXPECT_EQ(run(announcer, 117, 5)[1], (std::vector<std::uint64_t>{121}));
}

TEST(Announcer, slower_than_one_a_second_still_announces) {
  Announcer announcer({.refresh_ns = 600 * kSecond, .pps = 1});
  announcer.appear(1, 0);
  announcer.appear(2, 0);
  auto sent = run(announcer, 4, 100);
  EXPECT_EQ(sent[1].size(), 2U);
  EXPECT_EQ(sent[2].size(), 2U);
}

}  // namespace
}  // namespace arpline
