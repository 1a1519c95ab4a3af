// SPDX-License-Identifier: Apache-2.0
#include "protocol/defender.hpp"

#include <gtest/gtest.h>

namespace arpline {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr Mac kOurs = 0x0102;
constexpr Mac kRival = 0x0902;
constexpr Mac kOther = 0x0a02;

Subject subject(Ipv4 address = 1, Mac mac = kOurs) {
  return {.mac = mac, .address = address};
}

class DefenderTest : public testing::Test {
 protected:
  void follow(OnConflict policy) {
    defender_.set_policy(policy);
    defender_.settle(0, subject(), 0);
  }

  Defender::Verdict claim(std::uint64_t now, Mac mac = kRival, Party party = Party::elsewhere) {
    const auto verdict = defender_.on_claim(0, {.mac = mac, .party = party}, now);
    if (verdict.defend) defender_.defended(0, now);
    return verdict;
  }

  Defender defender_;
};

TEST_F(DefenderTest, alert_neither_defends_nor_gives_up) {
  follow(OnConflict::alert);
  for (std::uint64_t now = kSecond; now < 100 * kSecond; now += kSecond) EXPECT_FALSE(claim(now).defend);
  EXPECT_TRUE(defender_.allows(0, 100 * kSecond));
}

TEST_F(DefenderTest, never_gives_up_at_the_first_claim_until_the_interface_changes) {
  follow(OnConflict::never);
  EXPECT_TRUE(claim(kSecond).gave_up);
  EXPECT_FALSE(claim(2 * kSecond).gave_up) << "told once";
  EXPECT_FALSE(defender_.allows(0, 3600 * kSecond));
  defender_.settle(0, subject(), 3601 * kSecond);
  EXPECT_TRUE(defender_.allows(0, 3601 * kSecond));
}

TEST_F(DefenderTest, once_defends_and_gives_up_at_a_second_conflict_within_defend_interval) {
  follow(OnConflict::once);
  EXPECT_TRUE(claim(kSecond).defend);
  const auto second = claim(5 * kSecond);
  EXPECT_FALSE(second.defend);
  EXPECT_TRUE(second.gave_up);
  EXPECT_FALSE(defender_.allows(0, 5 * kSecond));
}

TEST_F(DefenderTest, once_defends_again_after_defend_interval) {
  follow(OnConflict::once);
  EXPECT_TRUE(claim(kSecond).defend);
  EXPECT_TRUE(claim(11 * kSecond).defend);
  EXPECT_TRUE(defender_.allows(0, 11 * kSecond));
}

TEST_F(DefenderTest, always_defends_at_most_once_per_defend_interval) {
  follow(OnConflict::always);
  int defences = 0;
  for (std::uint64_t now = kSecond; now < 101 * kSecond; now += kSecond / 10) defences += claim(now).defend;
  EXPECT_EQ(defences, 10);
  EXPECT_EQ(defender_.state(0, 101 * kSecond).defences, 10U);
}

TEST_F(DefenderTest, siblings_and_the_host_are_not_defended_against) {
  follow(OnConflict::always);
  for (const auto party : {Party::sibling, Party::host}) {
    const auto verdict = claim(kSecond, kRival, party);
    EXPECT_FALSE(verdict.defend);
    EXPECT_EQ(verdict.party, party);
  }
}

TEST_F(DefenderTest, what_did_not_leave_the_host_is_no_conflict_on_the_wire) {
  follow(OnConflict::never);
  EXPECT_FALSE(
      defender_.on_claim(0, {.mac = kRival, .party = Party::sibling, .dropped = true}, kSecond).gave_up);
}

TEST_F(DefenderTest, who_claims_three_addresses_within_a_minute_is_a_proxy_for_all_of_them) {
  follow(OnConflict::always);
  for (const Id id : {1U, 2U}) defender_.settle(id, subject(id + 1, kOurs + id), 0);
  EXPECT_EQ(defender_.on_claim(1, {.mac = kRival}, kSecond).party, Party::elsewhere);
  EXPECT_EQ(defender_.on_claim(2, {.mac = kRival}, 2 * kSecond).party, Party::elsewhere);
  const auto third = claim(3 * kSecond);
  EXPECT_EQ(third.party, Party::proxy);
  EXPECT_FALSE(third.defend);
  EXPECT_EQ(defender_.party_of(kRival, Party::elsewhere, 4 * kSecond), Party::proxy);
  EXPECT_EQ(defender_.party_of(kRival, Party::elsewhere, 64 * kSecond), Party::elsewhere) << "a minute later";
}

TEST_F(DefenderTest, gateway_that_claims_one_address_is_a_proxy) {
  follow(OnConflict::always);
  defender_.know_gateway(kRival);
  EXPECT_EQ(claim(kSecond).party, Party::proxy);
}

TEST_F(DefenderTest, address_that_moved_once_is_not_held_against_anybody) {
  follow(OnConflict::alert);
  claim(kSecond);
  EXPECT_FALSE(defender_.settle(0, subject(1, kOther), 2 * kSecond));
  EXPECT_TRUE(defender_.allows(0, 2 * kSecond));
}

TEST_F(DefenderTest, five_moves_within_three_minutes_are_too_many_until_it_keeps_still) {
  follow(OnConflict::always);
  std::uint64_t now = 0;
  bool too_often = false;
  for (int i = 0; i < 5; ++i) {
    now += 10 * kSecond;
    too_often = claim(now, i % 2 == 0 ? kRival : kOther).moves_too_often;
  }
  EXPECT_TRUE(too_often);
  EXPECT_FALSE(defender_.allows(0, now));
  EXPECT_FALSE(claim(now + kSecond).moves_too_often) << "told once";
  EXPECT_FALSE(claim(now + 30 * kSecond).defend);
  EXPECT_TRUE(defender_.allows(0, now + 30 * kSecond + Defender::kMovesNs + kSecond));
}

TEST_F(DefenderTest, moves_that_take_longer_than_three_minutes_are_not_counted_together) {
  follow(OnConflict::alert);
  for (std::uint64_t i = 1; i < 50; ++i)
    EXPECT_FALSE(claim(i * 100 * kSecond, i % 2 == 0 ? kRival : kOther).moves_too_often);
}

TEST_F(DefenderTest, restart_with_the_same_mac_is_no_move) {
  follow(OnConflict::alert);
  for (std::uint64_t i = 1; i < 20; ++i) {
    defender_.forget(0);
    EXPECT_FALSE(defender_.settle(0, subject(), i * kSecond));
  }
  EXPECT_TRUE(defender_.allows(0, 20 * kSecond));
}

TEST_F(DefenderTest, ever_new_claimants_and_addresses_are_not_remembered_without_limit) {
  follow(OnConflict::alert);
  for (Mac mac = 1; mac < 100'000; ++mac) claim(mac * 1000, 0x100000 + mac);
  for (Mac mac = 1; mac < 10'000; ++mac) defender_.know_gateway(mac);
  EXPECT_LE(defender_.remembered(), 1 + 2 * Defender::kMostClaimants);
}

}  // namespace
}  // namespace arpline
