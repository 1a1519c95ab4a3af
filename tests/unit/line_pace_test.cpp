// SPDX-License-Identifier: Apache-2.0
#include "control/line_pace.hpp"

#include <gtest/gtest.h>

#include "instant.hpp"

namespace arpline {
namespace {

constexpr Duration kSecond = 1s;

LinePace pace() {
  return {{.interval = kSecond, .burst = 3 * kSecond}, {.interval = kSecond / 100, .burst = 10 * kSecond}};
}

TEST(LinePace, one_that_causes_a_thousand_lines_leaves_room_for_the_others) {
  auto lines = pace();
  int written = 0;
  for (int i = 0; i < 1000; ++i) written += lines.take(1, at(kSecond)) ? 1 : 0;
  EXPECT_EQ(written, 3);
  EXPECT_TRUE(lines.take(2, at(kSecond)));
  EXPECT_TRUE(lines.take(1, at(2 * kSecond))) << "and has its own again in time";
}

TEST(LinePace, all_together_have_a_bound_and_who_is_known_is_bounded_too) {
  auto lines = pace();
  int written = 0;
  for (std::uint64_t who = 0; who < 10 * LinePace::kMostKnown; ++who)
    written += lines.take(who, at(kSecond)) ? 1 : 0;
  EXPECT_LE(written, 1000);
}

}  // namespace
}  // namespace arpline
