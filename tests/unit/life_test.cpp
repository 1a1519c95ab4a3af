// SPDX-License-Identifier: Apache-2.0
// Small state machines of the control loop: retry times, the length of turns, the guard against drivers that
// refuse XDP_TX.
#include <gtest/gtest.h>

#include "control/backoff.hpp"
#include "control/event_loop.hpp"
#include "control/reflect_guard.hpp"
#include "instant.hpp"

namespace arpline {
namespace {

constexpr Duration second = 1s;
constexpr Instant start = at(1000 * second);

TEST(Backoff, grows_up_to_its_longest_and_begins_anew) {
  Backoff backoff;
  EXPECT_TRUE(backoff.due(at(0s)));
  Instant now = start;
  for (const int wait : {1, 2, 4, 8, 16, 30, 30}) {
    backoff.failed(now);
    EXPECT_FALSE(backoff.due(now + wait * second - 1ns));
    EXPECT_TRUE(backoff.due(now + wait * second));
    now += wait * second;
  }
  backoff.reset();
  EXPECT_TRUE(backoff.due(at(0s)));
  backoff.failed(now);
  EXPECT_TRUE(backoff.due(now + second));
}

TEST(Turns, tell_the_longest_ever_and_lately) {
  Turns turns;
  turns.add(5ns, start);
  turns.add(3ns, start + second);
  EXPECT_EQ(turns.longest(), 5ns);
  EXPECT_EQ(turns.recent(), 5ns);
  turns.add(2ns, start + Turns::kRecent);
  EXPECT_EQ(turns.recent(), 5ns) << "the minute before counts";
  turns.add(1ns, start + 2 * Turns::kRecent);
  EXPECT_EQ(turns.recent(), 2ns);
  turns.add(1ns, start + 9 * Turns::kRecent);
  EXPECT_EQ(turns.recent(), 1ns);
  EXPECT_EQ(turns.longest(), 5ns);
}

TEST(ReflectGuard, is_off_for_a_while_when_most_is_refused) {
  ReflectGuard guard;
  EXPECT_TRUE(guard.look(1000, 0, start));
  EXPECT_TRUE(guard.look(2000, 980, start + second)) << "a driver at its limit";
  EXPECT_TRUE(guard.look(2040, 980 + ReflectGuard::kLeastRefused - 1, start + 2 * second)) << "too few to tell";
  EXPECT_FALSE(guard.look(2140, 1111, start + 3 * second));
  EXPECT_FALSE(guard.look(2140, 1111, start + 3 * second + ReflectGuard::kOff - 1ns));
  EXPECT_TRUE(guard.look(2140, 1111, start + 3 * second + ReflectGuard::kOff));
}

TEST(ReflectGuard, stays_off_longer_each_time_until_it_went_well) {
  ReflectGuard guard;
  std::uint64_t count = 0;
  Instant now = start;
  const auto refuse = [&] {
    count += 1000;
    EXPECT_FALSE(guard.look(count, count, now));
  };
  const auto off_for = [&] {
    std::uint64_t seconds = 0;
    for (; !guard.look(count, count, now); now += second) ++seconds;
    return seconds * second;
  };
  for (auto wanted = ReflectGuard::kOff; wanted < ReflectGuard::kLongestOff; wanted *= 2) {
    refuse();
    EXPECT_EQ(off_for(), wanted);
  }
  for (int i = 0; i < 2; ++i) {
    refuse();
    EXPECT_EQ(off_for(), ReflectGuard::kLongestOff);
  }
  now += ReflectGuard::kForget;
  refuse();
  EXPECT_EQ(off_for(), ReflectGuard::kOff);
}

// The counters restart from 0 when the maps are made anew.
TEST(ReflectGuard, takes_counters_that_begin_anew) {
  ReflectGuard guard;
  guard.look(1000, 900, start);
  EXPECT_TRUE(guard.look(0, 0, start + 20 * second));
  EXPECT_TRUE(guard.look(100, 0, start + 21 * second));
}

}  // namespace
}  // namespace arpline
