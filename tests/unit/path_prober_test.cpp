// SPDX-License-Identifier: Apache-2.0
#include "protocol/path_prober.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "instant.hpp"

namespace arpline {
namespace {

constexpr Duration kMs = 1ms;
constexpr Duration kSecond = 1s;
constexpr Duration kPeriod = 10s;
constexpr Ipv4 kGateway = 0x0100000a;
constexpr Mac kGatewayMac = 0x0702;
constexpr Mac kOther = 0x0902;

struct Asked {
  Instant at = kNoTime;
  Mac to = 0;
  bool by_host = false;
};

// A prober with a gateway that may answer or not.
class PathProberTest : public testing::Test, protected PathProber::Effects {
 protected:
  void run(Instant until) {
    while (now_ < until) {
      const auto wake = prober_.tick(now_, pace_, *this);
      answer();
      now_ = std::min(std::max(now_ + kMs, wake), until);
    }
  }

  void watch(Id id, NetnsKey owner = 0) { prober_.watch(id, {.gateway = kGateway, .owner = owner}, now_); }

  PathState state() { return prober_.view(0, now_)->state; }
  std::optional<bool> host_reaches() { return prober_.view(0, now_)->host_reaches; }

  // Runs without answers until the path is lost.
  void lose() {
    answers_ = false;
    run(now_ + kPeriod + 4 * kSecond);
    ASSERT_EQ(state(), PathState::lost);
  }

  PathProber prober_{kPeriod};
  RateLimiter pace_{1000};
  Instant now_ = at(kSecond);
  bool answers_ = true;
  bool answers_host_ = true;
  Mac gateway_mac_ = kGatewayMac;
  // An attacker that answers before the gateway, after it, or without a who-has.
  Mac first_mac_ = 0;
  Mac second_mac_ = 0;
  Mac flood_mac_ = 0;
  std::optional<Id> listens_;
  Mac disputed_by_ = 0;
  int disputes_ = 0;
  std::vector<Asked> asked_;
  std::vector<std::string> told_;
  int announced_ = 0;

 private:
  bool ask(Id id, Ipv4 gateway, Mac to) override {
    EXPECT_EQ(gateway, kGateway);
    asked_.push_back({.at = now_, .to = to});
    listens_ = id;
    if (answers_ && (to == 0 || to == gateway_mac_)) pending_ = id;
    return true;
  }
  bool ask_as_host(Ipv4 gateway, std::uint16_t vlan) override {
    asked_.push_back({.at = now_, .by_host = true});
    if (answers_host_) prober_.host_answered(gateway, vlan, now_);
    return true;
  }
  void announce(Id) override { ++announced_; }
  void changed(Id, PathState, PathState now) override {
    static const std::vector<std::string> kNames{"unknown", "reachable", "suspect", "lost"};
    told_.push_back(kNames.at(static_cast<std::size_t>(now)));
  }
  void listen(Id id, Ipv4) override { listens_ = id; }
  void gateway_moved(Id, Mac) override { told_.emplace_back("moved"); }
  void gateway_answered(Id, Mac) override {}
  void disputed(Id, Mac mac) override {
    disputed_by_ = mac;
    ++disputes_;
  }

  // The programs report one answer per listen().
  void tell(Mac mac) {
    if (mac == 0 || !listens_) return;
    const auto id = *std::exchange(listens_, std::nullopt);
    prober_.answered(id, mac, now_, *this);
  }

  // The answer comes 2 ms after the who-has.
  void answer() {
    tell(flood_mac_);
    if (!pending_) return;
    pending_.reset();
    tell(first_mac_);
    now_ += 2 * kMs;
    tell(gateway_mac_);
    tell(second_mac_);
  }

  std::optional<Id> pending_;
};

TEST_F(PathProberTest, paths_are_counted_by_their_state_and_answers_by_their_time) {
  const auto count = [this](PathState state) {
    return prober_.summary().by_state.at(static_cast<std::size_t>(state));
  };
  for (Id id = 0; id < 3; ++id) watch(id);
  prober_.watch(3, {.gateway = kGateway, .at = PathState::sibling}, now_);
  EXPECT_EQ(count(PathState::unknown), 3U);
  EXPECT_EQ(count(PathState::sibling), 1U);
  run(now_ + kPeriod + kSecond);
  EXPECT_EQ(count(PathState::reachable), 3U);
  EXPECT_GE(prober_.summary().rtt.sum(), 3 * 2 * kMs);
  lose();
  EXPECT_EQ(count(PathState::lost), 3U);
  EXPECT_EQ(count(PathState::reachable), 0U);
  prober_.stop(0);
  EXPECT_EQ(count(PathState::lost), 2U);
  prober_.set_period(0s, now_);
  EXPECT_EQ(count(PathState::lost) + count(PathState::sibling), 0U);
}

TEST_F(PathProberTest, first_broadcasts_and_then_asks_by_unicast_once_a_period) {
  watch(0);
  run(at(35 * kSecond));
  ASSERT_EQ(asked_.size(), 3U);
  EXPECT_EQ(asked_[0].to, 0U);
  EXPECT_EQ(asked_[1].to, kGatewayMac);
  EXPECT_EQ(asked_[2].at - asked_[1].at, kPeriod);
  EXPECT_EQ(state(), PathState::reachable);
  EXPECT_EQ(prober_.view(0, now_)->rtt, 2 * kMs);
}

TEST_F(PathProberTest, before_a_path_is_lost_it_broadcasts_announces_and_broadcasts_again) {
  watch(0);
  run(at(15 * kSecond));
  asked_.clear();
  lose();
  std::vector<Asked> own;
  for (const auto& one : asked_)
    if (!one.by_host) own.push_back(one);
  ASSERT_EQ(own.size(), 3U);
  EXPECT_EQ(own[0].to, kGatewayMac);
  EXPECT_EQ(own[1].to, 0U);
  EXPECT_EQ(own[2].to, 0U);
  EXPECT_EQ(announced_, 1);
  EXPECT_EQ(told_, (std::vector<std::string>{"reachable", "suspect", "lost"}));
}

TEST_F(PathProberTest, one_lost_frame_is_no_lost_path) {
  watch(0);
  run(at(15 * kSecond));
  answers_ = false;
  run(at(20 * kSecond + 500 * kMs));
  answers_ = true;
  run(at(25 * kSecond));
  EXPECT_EQ(told_, (std::vector<std::string>{"reachable", "suspect", "reachable"}));
}

TEST_F(PathProberTest, a_lost_path_is_reachable_after_two_answers_in_a_row) {
  watch(0);
  run(at(15 * kSecond));
  lose();
  answers_ = true;
  const auto lost_at = now_;
  while (prober_.view(0, now_)->answered_at < lost_at) run(now_ + kMs);
  EXPECT_EQ(state(), PathState::lost);
  run(now_ + 2 * kSecond);
  EXPECT_EQ(state(), PathState::reachable);
}

TEST_F(PathProberTest, an_answer_to_the_host_tells_a_dropped_mac_from_a_dead_gateway) {
  watch(0);
  run(at(15 * kSecond));
  EXPECT_FALSE(host_reaches().has_value()) << "nobody has asked";
  lose();
  EXPECT_EQ(host_reaches(), std::optional{true});
  answers_host_ = false;
  run(now_ + 30 * kSecond);
  EXPECT_EQ(host_reaches(), std::optional{false});
}

TEST_F(PathProberTest, the_host_asks_at_most_once_a_second) {
  watch(0);
  for (Id id = 1; id < 100; ++id) watch(id);
  lose();
  Instant last = kNoTime;
  for (const auto& one : asked_) {
    if (!one.by_host) continue;
    if (last != kNoTime) {
      EXPECT_GE(one.at - last, PathProber::kHostEvery);
    }
    last = one.at;
  }
  EXPECT_NE(last, kNoTime);
}

TEST_F(PathProberTest, a_low_rate_limit_stretches_the_period_and_failures_are_still_found) {
  constexpr Id kMany = 500;
  pace_.set(10);
  for (Id id = 0; id < kMany; ++id) watch(id);
  run(now_ + 200 * kSecond);
  EXPECT_GE(asked_.size(),
            2 * kMany);  // one per 80 s each: the period is doubled until it needs 8 of the 10 frames a second
  EXPECT_LE(asked_.size(), 3 * kMany + kMany / 2);
  EXPECT_EQ(state(), PathState::reachable);
  answers_ = false;
  asked_.clear();
  run(now_ + 300 * kSecond);  // three who-has each
  EXPECT_EQ(state(), PathState::lost);
  EXPECT_TRUE(std::ranges::any_of(asked_, &Asked::by_host));
}

TEST_F(PathProberTest, a_new_gateway_mac_is_reported_when_the_old_one_stops_answering) {
  watch(0);
  run(at(15 * kSecond));
  gateway_mac_ = kOther;
  run(at(25 * kSecond));
  EXPECT_EQ(told_, (std::vector<std::string>{"reachable", "suspect", "reachable", "moved"}));
  EXPECT_EQ(prober_.view(0, now_)->gateway_mac, kOther);
}

TEST_F(PathProberTest, an_answer_before_the_gateways_is_not_accepted) {
  watch(0);
  run(at(15 * kSecond));
  first_mac_ = kOther;
  run(at(100 * kSecond));
  EXPECT_EQ(prober_.view(0, now_)->gateway_mac, kGatewayMac);
  EXPECT_EQ(state(), PathState::reachable);
  EXPECT_EQ(disputed_by_, kOther);
  EXPECT_EQ(told_, (std::vector<std::string>{"reachable"}));
}

TEST_F(PathProberTest, a_second_answer_to_one_who_has_is_reported) {
  second_mac_ = kOther;
  watch(0);
  run(at(15 * kSecond));
  EXPECT_EQ(prober_.view(0, now_)->gateway_mac, kGatewayMac);
  EXPECT_EQ(prober_.view(0, now_)->disputed_by, kOther);
}

TEST_F(PathProberTest, a_flood_of_answers_is_not_accepted_when_the_gateway_is_gone) {
  watch(0);
  run(at(15 * kSecond));
  answers_ = false;
  flood_mac_ = kOther;
  run(at(100 * kSecond));
  EXPECT_EQ(prober_.view(0, now_)->gateway_mac, kGatewayMac);
  EXPECT_EQ(state(), PathState::suspect) << "it may be lost, and nobody can know";
  EXPECT_EQ(disputed_by_, kOther);
  flood_mac_ = 0;
  run(at(130 * kSecond));
  EXPECT_EQ(state(), PathState::lost);
}

TEST_F(PathProberTest, a_dispute_is_reported_once_a_minute) {
  watch(0);
  run(at(15 * kSecond));
  first_mac_ = kOther;
  run(at(135 * kSecond));
  EXPECT_EQ(disputes_, 2);
}

TEST_F(PathProberTest, a_late_answer_does_not_count) {
  watch(0);
  run(at(15 * kSecond));
  const auto before = prober_.view(0, now_)->answered_at;
  answers_ = false;
  const auto count = asked_.size();
  while (asked_.size() == count) run(now_ + kMs);
  prober_.answered(0, kGatewayMac, now_ + PathProber::kAnswerWithin + kSecond, *this);
  EXPECT_EQ(prober_.view(0, now_)->answered_at, before);
}

TEST_F(PathProberTest, a_gateway_on_this_host_is_not_asked) {
  for (const auto at : {PathState::sibling, PathState::host}) {
    prober_.watch(0, {.gateway = kGateway, .at = at}, now_);
    run(now_ + 100 * kSecond);
    EXPECT_TRUE(asked_.empty());
    EXPECT_EQ(state(), at);
  }
  watch(0);
  run(now_ + 15 * kSecond);
  EXPECT_EQ(state(), PathState::reachable);
}

TEST_F(PathProberTest, an_interface_with_many_endpoints_stretches_its_own_period_and_not_the_others) {
  pace_.set(10);
  watch(0);
  for (Id id = 1; id < 500; ++id) watch(id, 1);
  run(now_ + 200 * kSecond);
  EXPECT_GT(prober_.view(0, now_)->answered_at, now_ - kPeriod - 2 * kSecond);
}

TEST_F(PathProberTest, without_a_gateway_or_the_right_to_send_nothing_is_asked) {
  prober_.watch(0, {}, now_);
  EXPECT_FALSE(prober_.view(0, now_).has_value());
  watch(0);
  prober_.stop(0);
  run(at(100 * kSecond));
  EXPECT_TRUE(asked_.empty());
}

TEST_F(PathProberTest, a_period_of_zero_stops_asking_and_a_new_one_starts_again) {
  watch(0);
  prober_.set_period(0s, now_);
  run(at(50 * kSecond));
  EXPECT_TRUE(asked_.empty());
  prober_.set_period(kSecond, now_);
  watch(0);
  run(now_ + 5 * kSecond + kMs);
  EXPECT_EQ(asked_.size(), 5U);
}

}  // namespace
}  // namespace arpline
