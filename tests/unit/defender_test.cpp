// SPDX-License-Identifier: Apache-2.0
#include "protocol/defender.hpp"

#include <gtest/gtest.h>

#include "instant.hpp"

namespace arpline {
namespace {

constexpr Duration kSecond = 1s;
constexpr Mac kOurs = 0x0102;
constexpr Mac kRival = 0x0902;
constexpr Mac kOther = 0x0a02;

AnnouncedEndpoint subject(Ipv4 address = 1, Mac mac = kOurs) {
  return {.mac = mac, .address = address};
}

class DefenderTest : public testing::Test {
 protected:
  // By default the endpoint has been here since long before time 0.
  void follow(OnConflict policy, Arrival arrival = Arrival::found) {
    defender_.set_policy(policy);
    defender_.settle(0, subject(), arrival, at(0s));
  }

  bool settle(Mac mac, Instant now) { return defender_.settle(0, subject(1, mac), Arrival::changed, now); }

  Defender::Decision claim(Instant now, Mac mac = kRival, ClaimOrigin origin = ClaimOrigin::elsewhere) {
    const auto decision = defender_.on_claim(0, {.mac = mac, .origin = origin}, now);
    if (decision.defend) defender_.defended(0, now);
    return decision;
  }

  Defender defender_;
};

TEST_F(DefenderTest, alert_neither_defends_nor_gives_up) {
  follow(OnConflict::alert);
  for (Instant now = at(kSecond); now < at(100 * kSecond); now += kSecond) EXPECT_FALSE(claim(now).defend);
  EXPECT_FALSE(defender_.state(0, at(100 * kSecond)).gave_up);
}

TEST_F(DefenderTest, never_gives_up_at_the_first_claim_until_the_interface_changes) {
  follow(OnConflict::never);
  EXPECT_TRUE(claim(at(kSecond)).gave_up);
  EXPECT_FALSE(claim(at(2 * kSecond)).gave_up) << "told once";
  EXPECT_FALSE(defender_.allows(0, at(3600 * kSecond)));
  settle(kOurs, at(3601 * kSecond));
  EXPECT_TRUE(defender_.allows(0, at(3601 * kSecond)));
}

TEST_F(DefenderTest, once_defends_and_gives_up_at_a_second_conflict_within_defend_interval) {
  follow(OnConflict::once);
  EXPECT_TRUE(claim(at(kSecond)).defend);
  const auto second = claim(at(5 * kSecond));
  EXPECT_FALSE(second.defend);
  EXPECT_TRUE(second.gave_up);
  EXPECT_FALSE(defender_.allows(0, at(5 * kSecond)));
}

TEST_F(DefenderTest, once_defends_again_after_defend_interval) {
  follow(OnConflict::once);
  EXPECT_TRUE(claim(at(kSecond)).defend);
  EXPECT_TRUE(claim(at(11 * kSecond)).defend);
  EXPECT_FALSE(defender_.state(0, at(11 * kSecond)).gave_up);
}

TEST_F(DefenderTest, claim_that_comes_twice_within_milliseconds_is_one_conflict) {
  follow(OnConflict::once);
  EXPECT_TRUE(claim(at(kSecond)).defend);
  for (const auto later : {1UL, 40UL, 99UL}) EXPECT_FALSE(claim(at(kSecond + later * kSecond / 1000)).gave_up);
  EXPECT_TRUE(claim(at(kSecond + kSecond / 5)).gave_up) << "this is another one";
}

TEST_F(DefenderTest, copies_are_recognised_by_the_time_on_the_wire_not_of_the_report) {
  follow(OnConflict::once);
  defender_.on_claim(0, {.mac = kRival, .at = at(kSecond)}, at(9 * kSecond));
  EXPECT_TRUE(defender_.on_claim(0, {.mac = kRival, .at = at(8 * kSecond)}, at(9 * kSecond)).gave_up);
}

TEST_F(DefenderTest, two_stations_at_the_same_time_are_two_conflicts) {
  follow(OnConflict::once);
  EXPECT_TRUE(claim(at(kSecond)).defend);
  EXPECT_TRUE(claim(at(kSecond + 1ns), kOther).gave_up);
}

TEST_F(DefenderTest, always_defends_at_most_once_per_defend_interval) {
  follow(OnConflict::always);
  int defences = 0;
  for (Instant now = at(kSecond); now < at(101 * kSecond); now += kSecond / 10) defences += claim(now).defend;
  EXPECT_EQ(defences, 10);
  EXPECT_EQ(defender_.state(0, at(101 * kSecond)).defences, 10U);
}

TEST_F(DefenderTest, claims_by_siblings_and_the_host_cause_no_defence_and_no_silence) {
  follow(OnConflict::always, Arrival::changed);
  for (const auto origin : {ClaimOrigin::sibling, ClaimOrigin::host}) {
    const auto decision = claim(at(kSecond), kRival, origin);
    EXPECT_FALSE(decision.defend);
    EXPECT_EQ(decision.origin, origin);
    EXPECT_TRUE(defender_.allows(0, at(kSecond)));
  }
}

TEST_F(DefenderTest, endless_claims_do_not_silence_an_incumbent_forever) {
  follow(OnConflict::alert);
  Instant spoke_at = at(kSecond);
  int spoke = 0;
  for (Instant now = at(kSecond); now < at(601 * kSecond); now += kSecond / 10) {
    claim(now, now.time_since_epoch().count() % 3 == 0 ? kRival : kOther);
    if (!defender_.allows(0, now)) continue;
    EXPECT_LE(now - spoke_at, Defender::kSilentFor + kSecond / 10);
    defender_.announced(0);
    spoke_at = now;
    ++spoke;
  }
  EXPECT_EQ(spoke, 9);
}

TEST_F(DefenderTest, a_second_claim_does_not_prolong_the_silence) {
  follow(OnConflict::alert);
  claim(at(kSecond));
  claim(at(50 * kSecond));
  EXPECT_FALSE(defender_.allows(0, at(60 * kSecond)));
  EXPECT_TRUE(defender_.allows(0, at(61 * kSecond)));
}

TEST_F(DefenderTest, a_newcomer_is_silent_as_long_as_its_address_is_claimed) {
  follow(OnConflict::alert, Arrival::changed);
  for (Instant now = at(kSecond); now < at(600 * kSecond); now += 50 * kSecond) {
    claim(now);
    EXPECT_FALSE(defender_.allows(0, now + 49 * kSecond));
  }
}

TEST_F(DefenderTest, a_newcomer_becomes_an_incumbent_after_a_minute_without_a_claim_or_by_probes) {
  follow(OnConflict::alert, Arrival::changed);
  claim(at(61 * kSecond));
  claim(at(100 * kSecond));
  EXPECT_TRUE(defender_.allows(0, at(122 * kSecond)));
  defender_.forget(0, at(1000 * kSecond));
  defender_.settle(0, subject(2), Arrival::changed, at(2000 * kSecond));
  defender_.confirm(0);
  claim(at(2001 * kSecond));
  claim(at(2050 * kSecond));
  EXPECT_TRUE(defender_.allows(0, at(2062 * kSecond)));
}

TEST_F(DefenderTest, a_container_that_comes_back_soon_is_no_newcomer) {
  follow(OnConflict::alert);
  defender_.forget(0, at(100 * kSecond));
  settle(kOther, at(110 * kSecond));
  claim(at(111 * kSecond));
  claim(at(160 * kSecond));
  EXPECT_TRUE(defender_.allows(0, at(172 * kSecond)));
  defender_.forget(0, at(200 * kSecond));
  settle(kOther, at(300 * kSecond));
  claim(at(301 * kSecond));
  claim(at(350 * kSecond));
  EXPECT_FALSE(defender_.allows(0, at(362 * kSecond))) << "somebody else may have it since";
}

TEST_F(DefenderTest, an_unreported_claim_silences_too) {
  follow(OnConflict::alert);
  defender_.on_unreported_claim(0, at(kSecond));
  EXPECT_FALSE(defender_.allows(0, at(2 * kSecond)));
}

TEST_F(DefenderTest, a_claim_that_was_dropped_on_this_host_is_no_conflict) {
  follow(OnConflict::never);
  EXPECT_FALSE(
      defender_.on_claim(0, {.mac = kRival, .origin = ClaimOrigin::sibling, .dropped = true}, at(kSecond))
          .gave_up);
}

TEST_F(DefenderTest, a_mac_that_claims_three_addresses_within_a_minute_is_a_proxy_and_defended_against) {
  follow(OnConflict::always);
  for (const Id id : {1U, 2U}) defender_.settle(id, subject(id + 1, kOurs + id), Arrival::found, at(0s));
  EXPECT_EQ(defender_.on_claim(1, {.mac = kRival}, at(kSecond)).origin, ClaimOrigin::elsewhere);
  EXPECT_EQ(defender_.on_claim(2, {.mac = kRival}, at(2 * kSecond)).origin, ClaimOrigin::elsewhere);
  const auto third = claim(at(3 * kSecond));
  EXPECT_EQ(third.origin, ClaimOrigin::proxy);
  EXPECT_TRUE(third.defend);
  EXPECT_EQ(defender_.claim_origin_of(kRival, ClaimOrigin::elsewhere, at(4 * kSecond)), ClaimOrigin::proxy);
  EXPECT_EQ(defender_.claim_origin_of(kRival, ClaimOrigin::elsewhere, at(64 * kSecond)), ClaimOrigin::elsewhere)
      << "a minute later";
}

TEST_F(DefenderTest, a_gateway_that_claims_an_address_is_defended_against_and_never_given_up_to) {
  follow(OnConflict::once);
  defender_.on_gateway_answer({0, 9}, kRival, at(kSecond));
  EXPECT_EQ(defender_.claim_origin_of(kRival, ClaimOrigin::elsewhere, at(kSecond)), ClaimOrigin::elsewhere)
      << "one answer is little";
  defender_.on_gateway_answer({0, 9}, kRival, at(2 * kSecond));
  EXPECT_TRUE(claim(at(3 * kSecond)).defend);
  const auto second = claim(at(4 * kSecond));
  EXPECT_EQ(second.origin, ClaimOrigin::proxy);
  EXPECT_FALSE(second.gave_up);
  EXPECT_TRUE(claim(at(14 * kSecond)).defend);
}

TEST_F(DefenderTest, gateway_is_forgotten_when_it_has_not_answered_for_ten_minutes_or_from_another_mac) {
  for (const auto when : {at(kSecond), at(2 * kSecond)}) defender_.on_gateway_answer({0, 9}, kRival, when);
  EXPECT_EQ(defender_.claim_origin_of(kRival, ClaimOrigin::elsewhere, at(601 * kSecond)), ClaimOrigin::proxy);
  EXPECT_EQ(defender_.claim_origin_of(kRival, ClaimOrigin::elsewhere, at(603 * kSecond)),
            ClaimOrigin::elsewhere);
  for (const auto when : {at(700 * kSecond), at(701 * kSecond)})
    defender_.on_gateway_answer({0, 9}, kRival, when);
  defender_.on_gateway_answer({0, 9}, kOther, at(702 * kSecond));
  EXPECT_EQ(defender_.claim_origin_of(kRival, ClaimOrigin::elsewhere, at(703 * kSecond)),
            ClaimOrigin::elsewhere);
}

TEST_F(DefenderTest, a_gateway_that_keeps_answering_is_not_evicted_by_others) {
  for (std::uint64_t i = 1; i < 10'000; ++i) {
    if (i % 100 == 1) defender_.on_gateway_answer({0, 9}, kRival, at(i * kSecond / 10));
    defender_.on_gateway_answer({0, static_cast<Ipv4>(1000 + i)}, kOther + i, at(i * kSecond / 10));
  }
  EXPECT_EQ(defender_.claim_origin_of(kRival, ClaimOrigin::elsewhere, at(1000 * kSecond)), ClaimOrigin::proxy);
}

TEST_F(DefenderTest, a_single_move_of_an_address_has_no_consequences) {
  follow(OnConflict::alert);
  claim(at(kSecond));
  EXPECT_FALSE(settle(kOther, at(2 * kSecond)));
  EXPECT_FALSE(defender_.state(0, at(2 * kSecond)).moves_too_often);
}

TEST_F(DefenderTest, five_moves_within_three_minutes_are_too_many_until_the_address_stays) {
  follow(OnConflict::always);
  Instant now = kNoTime;
  bool too_often = false;
  for (int i = 0; i < 5; ++i) {
    now += 10 * kSecond;
    too_often = settle(i % 2 == 0 ? kOther : kOurs, now);
  }
  EXPECT_TRUE(too_often);
  EXPECT_FALSE(defender_.allows(0, now));
  EXPECT_FALSE(settle(kOther, now)) << "told once";
  EXPECT_FALSE(claim(now + 30 * kSecond).defend);
  EXPECT_TRUE(defender_.allows(0, now + Defender::kMovesWithin + kSecond));
}

TEST_F(DefenderTest, claims_alone_move_nothing) {
  follow(OnConflict::always);
  for (std::uint64_t i = 1; i < 50; ++i) claim(at(i * kSecond), i % 2 == 0 ? kRival : kOther);
  EXPECT_FALSE(defender_.state(0, at(50 * kSecond)).moves_too_often);
}

TEST_F(DefenderTest, an_address_that_is_claimed_and_then_goes_has_moved_to_the_claimant) {
  follow(OnConflict::alert);
  bool too_often = false;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    claim(at(i * 20 * kSecond));
    defender_.forget(0, at(i * 20 * kSecond + kSecond));
    too_often = settle(kOurs, at(i * 20 * kSecond + 10 * kSecond));
  }
  EXPECT_TRUE(too_often) << "six moves";
}

TEST_F(DefenderTest, moves_that_take_longer_than_three_minutes_are_not_counted_together) {
  follow(OnConflict::alert);
  for (std::uint64_t i = 1; i < 50; ++i)
    EXPECT_FALSE(settle(i % 2 == 0 ? kRival : kOther, at(i * 100 * kSecond)));
}

TEST_F(DefenderTest, restart_with_the_same_mac_is_no_move) {
  follow(OnConflict::alert);
  for (std::uint64_t i = 1; i < 20; ++i) {
    defender_.forget(0, at(i * kSecond));
    EXPECT_FALSE(settle(kOurs, at(i * kSecond)));
  }
  EXPECT_TRUE(defender_.allows(0, at(20 * kSecond)));
}

TEST_F(DefenderTest, memory_of_claimants_and_gateways_is_bounded) {
  follow(OnConflict::alert);
  for (Mac mac = 1; mac < 100'000; ++mac) claim(instant_from_raw(mac * 1000), 0x100000 + mac);
  for (Mac mac = 1; mac < 10'000; ++mac)
    defender_.on_gateway_answer({0, static_cast<Ipv4>(mac)}, mac, at(duration_from_raw(mac)));
  EXPECT_LE(defender_.remembered(), 1 + Defender::kMostClaimants + Defender::kMostGateways);
}

TEST_F(DefenderTest, memory_of_addresses_is_bounded) {
  for (Ipv4 address = 1; address < 200'000; ++address) {
    defender_.settle(0, subject(address), Arrival::changed, at(duration_from_raw(address)));
    defender_.forget(0, at(duration_from_raw(address)));
  }
  EXPECT_LE(defender_.remembered(), Defender::kMostAddresses);
}

}  // namespace
}  // namespace arpline
