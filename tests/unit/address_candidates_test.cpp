// SPDX-License-Identifier: Apache-2.0
#include "endpoints/address_candidates.hpp"

#include <gtest/gtest.h>

#include "instant.hpp"

namespace arpline {
namespace {

constexpr arpl_endpoint_key kKey{.address = 5, .vlan = 0, .zero = 0};

InterfaceId who(int nsid) {
  return {.nsid = nsid, .ifindex = 2};
}

struct AddressCandidatesTest : testing::Test {
  AddressCandidates candidates;
  std::map<int, std::uint64_t> flags{};  // by nsid
  std::set<int> left_out{};

  std::optional<Desired> describe(InterfaceId one) const {
    if (left_out.contains(one.nsid)) return std::nullopt;
    const auto at = flags.find(one.nsid);
    return Desired{.key = kKey,
                   .word = 2 * static_cast<std::uint64_t>(one.nsid) | (at == flags.end() ? 0 : at->second),
                   .announceable = true,
                   .settings = std::nullopt,
                   .netns = "c" + std::to_string(one.nsid),
                   .interface = "mv0"};
  }
  std::optional<Desired> now() {
    return candidates.resolve(kKey, [this](InterfaceId one) { return describe(one); });
  }
};

TEST_F(AddressCandidatesTest, an_address_without_a_candidate_resolves_to_nothing) {
  candidates.arrive(kKey, who(1), kNoTime);
  EXPECT_EQ(now().value().word, 2U);
  candidates.leave(kKey, who(1));
  EXPECT_FALSE(now());
  EXPECT_TRUE(candidates.keys().empty());
}

TEST_F(AddressCandidatesTest, the_first_interface_keeps_the_address_unchanged_and_the_newcomer_is_named) {
  candidates.arrive(kKey, who(1), kNoTime);
  const auto alone = now().value();
  candidates.arrive(kKey, who(2), at(100ns));
  const auto both = now().value();
  EXPECT_EQ(both.word, alone.word) << "no flag, the same MAC: no new generation";
  EXPECT_TRUE(both.announceable);
  EXPECT_EQ(both.netns, "c1");
  EXPECT_EQ(both.also_at, "c2/mv0 (04:00:00:00:00:00)");
  EXPECT_EQ(both.heard_at, at(0ns));
}

TEST_F(AddressCandidatesTest, the_next_interface_gets_the_address_when_the_first_one_goes) {
  candidates.arrive(kKey, who(1), kNoTime);
  candidates.arrive(kKey, who(2), at(100ns));
  candidates.leave(kKey, who(1));
  const auto left = now().value();
  EXPECT_EQ(left.word, 4U);
  EXPECT_TRUE(left.also_at.empty());
  EXPECT_EQ(left.heard_at, at(100ns));
}

TEST_F(AddressCandidatesTest, two_interfaces_from_before_the_start_are_a_duplicate) {
  candidates.arrive(kKey, who(1), kNoTime);
  candidates.arrive(kKey, who(2), kNoTime);
  const auto both = now().value();
  EXPECT_EQ(both.word, 2U | ARPL_SLOT_DUPLICATE);
  EXPECT_FALSE(both.announceable);
}

TEST_F(AddressCandidatesTest, an_interface_that_an_earlier_run_served_counts_as_first) {
  candidates.arrive(kKey, who(1), kNoTime);
  candidates.arrive(kKey, who(2), kNoTime);
  candidates.mark_first(kKey, who(2));
  EXPECT_EQ(now().value().word, 4U);
  EXPECT_EQ(now().value().also_at, "c1/mv0 (02:00:00:00:00:00)");
}

TEST_F(AddressCandidatesTest,
       an_interface_that_was_served_while_the_other_was_down_stays_served_when_the_other_is_up) {
  flags[1] = ARPL_SLOT_DOWN;
  candidates.arrive(kKey, who(1), kNoTime);
  candidates.arrive(kKey, who(2), kNoTime);
  EXPECT_EQ(now().value().word, 4U);
  flags.clear();
  EXPECT_EQ(now().value().word, 4U);
}

TEST_F(AddressCandidatesTest, while_the_first_interface_is_down_the_next_one_is_served) {
  candidates.arrive(kKey, who(1), at(10ns));
  candidates.arrive(kKey, who(2), at(20ns));
  flags[1] = ARPL_SLOT_DOWN;
  EXPECT_EQ(now().value().word, 4U);
  flags.clear();
  EXPECT_EQ(now().value().word, 2U);
  flags[1] = flags[2] = ARPL_SLOT_DOWN;
  EXPECT_EQ(now().value().word, 2U | ARPL_SLOT_DOWN);
}

TEST_F(AddressCandidatesTest, an_excluded_interface_does_not_block_the_next_one) {
  candidates.arrive(kKey, who(1), at(10ns));
  candidates.arrive(kKey, who(2), at(20ns));
  left_out.insert(1);
  EXPECT_EQ(now().value().word, 4U);
  EXPECT_TRUE(now().value().also_at.empty());
}

TEST_F(AddressCandidatesTest, a_thousand_newcomers_change_nothing_and_only_a_few_are_named) {
  candidates.arrive(kKey, who(1), at(10ns));
  for (int i = 2; i < 1000; ++i) candidates.arrive(kKey, who(i), at(20ns));
  std::size_t looked_at = 0;
  const auto all = candidates.resolve(kKey, [&](InterfaceId one) {
    ++looked_at;
    return describe(one);
  });
  EXPECT_EQ(all.value().word, 2U);
  EXPECT_EQ(looked_at, AddressCandidates::kMostLookedAt);
  EXPECT_LT(all.value().also_at.size(), 200U);
}

TEST_F(AddressCandidatesTest, a_second_arrival_of_the_same_interface_has_no_effect) {
  candidates.arrive(kKey, who(1), at(10ns));
  candidates.arrive(kKey, who(1), at(20ns));
  EXPECT_TRUE(now().value().also_at.empty());
  candidates.leave(kKey, who(1));
  EXPECT_FALSE(now());
}

}  // namespace
}  // namespace arpline
