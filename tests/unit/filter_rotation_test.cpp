// SPDX-License-Identifier: Apache-2.0
#include "control/filter_rotation.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "instant.hpp"

namespace arpline {
namespace {

constexpr Duration kPeriod = 60ns;

struct RotationTest : testing::Test {
  std::vector<std::uint64_t> words = std::vector<std::uint64_t>(ARPL_FILTER_WORDS, 1);
  FilterRotation rotation{words, ARPL_FILTER_PAIRS, false, at(100ns)};

  std::uint64_t first_word_of(std::uint32_t part) const {
    return words[std::size_t{part} * ARPL_FILTER_PART_WORDS];
  }
};

TEST_F(RotationTest, nothing_changes_within_a_period) {
  EXPECT_FALSE(rotation.due(at(100ns + kPeriod - 1ns), kPeriod));
  EXPECT_FALSE(rotation.other());
}

TEST_F(RotationTest, after_a_period_the_other_part_is_asked_and_the_first_begins_anew) {
  EXPECT_TRUE(rotation.due(at(100ns + kPeriod), kPeriod));
  EXPECT_TRUE(rotation.other());
  rotation.clear();
  EXPECT_EQ(first_word_of(ARPL_FILTER_PAIRS), 0U);
  EXPECT_EQ(first_word_of(ARPL_FILTER_PAIRS + 1), 1U) << "what is asked keeps what it has";
  EXPECT_TRUE(rotation.due(at(100ns + 2 * kPeriod), kPeriod));
  EXPECT_FALSE(rotation.other());
  rotation.clear();
  EXPECT_EQ(first_word_of(ARPL_FILTER_PAIRS + 1), 0U);
}

TEST_F(RotationTest, other_parts_of_the_filter_are_left_alone) {
  EXPECT_TRUE(rotation.due(at(100ns + kPeriod), kPeriod));
  rotation.clear();
  for (const std::uint32_t part : {0U, 1U, 4U, 5U}) EXPECT_EQ(first_word_of(part), 1U) << part;
}

TEST_F(RotationTest, an_earlier_run_may_have_left_the_other_part_asked) {
  FilterRotation next{words, ARPL_FILTER_HEARD, true, at(0s)};
  EXPECT_TRUE(next.other());
  EXPECT_TRUE(next.due(at(kPeriod), kPeriod));
  EXPECT_FALSE(next.other());
}

}  // namespace
}  // namespace arpline
