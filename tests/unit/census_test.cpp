// SPDX-License-Identifier: Apache-2.0
#include "endpoints/census.hpp"

#include <gtest/gtest.h>

namespace arpline {
namespace {

Desired endpoint(Ipv4 address, Mac mac, const char* netns = "c1", std::uint16_t vlan = 0) {
  return {.key = {.address = address, .vlan = vlan, .zero = 0},
          .word = mac,
          .announceable = true,
          .settings = std::nullopt,
          .netns = netns,
          .interface = "mv0"};
}

TEST(Census, tells_what_is_new_and_what_is_gone) {
  Census census;
  const auto first = census.replace(1, {endpoint(5, 0x2), endpoint(6, 0x4)});
  ASSERT_EQ(first.size(), 2U);
  EXPECT_TRUE(first[0].second && first[1].second);
  const auto second = census.replace(1, {endpoint(6, 0x4)});
  ASSERT_EQ(second.size(), 2U);
  EXPECT_FALSE(second[0].second) << "nobody asks for the first any more";
  EXPECT_TRUE(second[1].second);
  EXPECT_EQ(census.all().size(), 1U);
}

TEST(Census, an_address_that_two_ask_for_is_one_duplicate_with_both_places_and_not_announced) {
  Census census;
  census.replace(1, {endpoint(5, 0x2, "c1")});
  const auto wishes = census.replace(2, {endpoint(5, 0x4, "c2")});
  ASSERT_EQ(wishes.size(), 1U);
  const auto& both = wishes[0].second.value();
  EXPECT_EQ(both.word, 0x2U | ARPL_SLOT_DUPLICATE);
  EXPECT_FALSE(both.announceable);
  EXPECT_EQ(both.netns, "c1");
  EXPECT_EQ(both.also_at, "c2/mv0 (04:00:00:00:00:00)");
}

TEST(Census, two_interfaces_of_one_namespace_with_the_same_address_are_a_duplicate) {
  Census census;
  const auto wishes = census.replace(1, {endpoint(5, 0x2), endpoint(5, 0x4)});
  ASSERT_EQ(wishes.size(), 1U);
  EXPECT_NE(wishes[0].second.value().word & ARPL_SLOT_DUPLICATE, 0U);
}

TEST(Census, when_one_of_two_is_left_it_is_served_again) {
  Census census;
  census.replace(1, {endpoint(5, 0x2)});
  census.replace(2, {endpoint(5, 0x4)});
  const auto wishes = census.replace(1, {});
  ASSERT_EQ(wishes.size(), 1U);
  EXPECT_EQ(wishes[0].second.value().word, 0x4U);
  EXPECT_TRUE(wishes[0].second.value().also_at.empty());
}

TEST(Census, the_same_address_in_two_vlans_is_two_endpoints) {
  Census census;
  census.replace(1, {endpoint(5, 0x2, "c1", 100), endpoint(5, 0x4, "c1", 200)});
  const auto all = census.all();
  ASSERT_EQ(all.size(), 2U);
  for (const auto& one : all) EXPECT_EQ(one.word & ARPL_SLOT_FLAGS_MASK, 0U);
}

TEST(Census, a_source_that_never_asked_changes_nothing) {
  Census census;
  census.replace(1, {endpoint(5, 0x2)});
  EXPECT_TRUE(census.replace(9, {}).empty());
  EXPECT_EQ(census.all().size(), 1U);
}

}  // namespace
}  // namespace arpline
