// SPDX-License-Identifier: Apache-2.0
#include "protocol/protocol.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "instant.hpp"

namespace arpline {
namespace {

constexpr Duration kSecond = 1s;
constexpr Mac kOurs = 0x0102;
constexpr Mac kOurNext = 0x0202;
constexpr Mac kRival = 0x0902;
constexpr Ipv4 kAddress = 0x0a00000a;

class Worker final : public Actions {
 public:
  bool full = false;
  std::vector<Outgoing> defences;
  std::vector<Outgoing> sent;
  std::vector<ReportKind> told;

  bool send(const Outgoing& frame) override {
    if (full) return false;
    sent.push_back(frame);
    if (frame.purpose == Purpose::defend) defences.push_back(frame);
    return true;
  }
  void report(const Report& report) override { told.push_back(report.kind); }

  std::size_t count(Purpose purpose) const {
    return static_cast<std::size_t>(std::ranges::count(sent, purpose, &Outgoing::purpose));
  }
};

class ProtocolTest : public testing::Test {
 protected:
  ProtocolTest() { put(kOurs); }

  void put(Mac mac) {
    slots_[0].word = mac;
    protocol_.put(0, {.mac = mac, .address = kAddress}, Arrival::changed, at(kSecond), worker_);
  }
  void claim_with_a_full_worker() {
    worker_.full = true;
    slots_[0].claimed_at = raw(kSecond);
    protocol_.on_claim(0, {.mac = kRival}, at(kSecond), worker_);
    protocol_.tick(at(kSecond), worker_);
    worker_.full = false;
  }

  // Calls tick() as the control loop does.
  void run(Instant from, Instant until) {
    for (auto now = from; now < until; now = std::min(protocol_.tick(now, worker_), now + kSecond / 4)) {
    }
  }

  std::array<arpl_slot, 2> slots_{};
  std::array<arpl_endpoint_stats, 2> stats_{};
  arpl_limits limits_{};
  Protocol::Settings settings_{.on_conflict = OnConflict::always};
  Protocol protocol_{settings_, {.slots = slots_, .stats = stats_, .limits = &limits_}, 1};
  Worker worker_;
};

TEST_F(ProtocolTest, endpoints_in_conflict_and_late_announcements_are_summed_up) {
  EXPECT_EQ(protocol_.summary().announcement_due_at, at(kSecond));
  slots_[0].claimed_at = raw(at(kSecond));
  settings_.on_conflict = OnConflict::never;
  protocol_.set(settings_, at(kSecond));
  protocol_.on_claim(0, {.mac = kRival}, at(kSecond), worker_);
  run(at(2 * kSecond), at(3 * kSecond));
  const auto sums = protocol_.summary();
  EXPECT_EQ(sums.contested, 1U);
  EXPECT_EQ(sums.gave_up, 1U);
  EXPECT_EQ(sums.announcement_due_at, kNever) << "it must not be announced";
  protocol_.erase(0, at(3 * kSecond));
  run(at(3 * kSecond), at(4 * kSecond));
  EXPECT_EQ(protocol_.summary().contested + protocol_.summary().gave_up, 0U);
}

TEST_F(ProtocolTest, an_address_is_not_defended_while_it_is_probed_for) {
  settings_.probe = ProbeMode::rfc5227;
  protocol_.set(settings_, at(kSecond));
  put(kOurNext);
  claim_with_a_full_worker();
  protocol_.tick(at(2 * kSecond), worker_);
  EXPECT_TRUE(worker_.defences.empty());
}

TEST_F(ProtocolTest, a_defence_without_room_is_sent_later) {
  claim_with_a_full_worker();
  protocol_.tick(at(2 * kSecond), worker_);
  ASSERT_EQ(worker_.defences.size(), 1);
  EXPECT_EQ(worker_.defences[0].frame.sender_mac, kOurs);
}

TEST_F(ProtocolTest, a_waiting_defence_is_dropped_by_a_policy_without_defences) {
  for (const auto policy : {OnConflict::alert, OnConflict::never}) {
    protocol_.set(settings_, at(kSecond));
    claim_with_a_full_worker();
    settings_.on_conflict = policy;
    protocol_.set(settings_, at(kSecond));
    protocol_.tick(at(2 * kSecond), worker_);
    EXPECT_TRUE(worker_.defences.empty());
    settings_.on_conflict = OnConflict::always;
  }
}

TEST_F(ProtocolTest, a_waiting_defence_is_kept_by_other_settings) {
  claim_with_a_full_worker();
  settings_.announce.repeat = 3;
  protocol_.set(settings_, at(kSecond));
  protocol_.tick(at(2 * kSecond), worker_);
  EXPECT_EQ(worker_.defences.size(), 1);
}

TEST_F(ProtocolTest, a_claim_against_the_previous_interface_is_not_defended_by_the_next_one) {
  claim_with_a_full_worker();
  put(kOurNext);
  protocol_.tick(at(2 * kSecond), worker_);
  EXPECT_TRUE(worker_.defences.empty());
}

TEST_F(ProtocolTest, a_claim_by_a_mac_of_zero_is_defended_against_once) {
  slots_[0].claimed_at = raw(kSecond);
  protocol_.on_claim(0, {.mac = 0}, at(kSecond), worker_);
  protocol_.tick(at(kSecond), worker_);
  EXPECT_EQ(worker_.defences.size(), 1);
}

TEST_F(ProtocolTest, announcement_after_a_change_is_one_frame_which_goes_inside) {
  run(at(kSecond), at(10 * kSecond));
  ASSERT_EQ(worker_.count(Purpose::announce), 2);
  EXPECT_TRUE(worker_.sent[0].inside);
  EXPECT_FALSE(worker_.sent[1].inside);
}

TEST_F(ProtocolTest, a_claim_that_the_programs_saw_and_did_not_report_silences_too) {
  run(at(kSecond), at(100 * kSecond));
  slots_[0].claimed_at = raw(100 * kSecond);
  run(at(100 * kSecond), at(101 * kSecond));
  EXPECT_TRUE(protocol_.view(0, at(101 * kSecond)).silent);
}

TEST_F(ProtocolTest, endless_claims_leave_one_announcement_a_minute) {
  run(at(kSecond), at(100 * kSecond));
  worker_.sent.clear();
  for (auto now = 100 * kSecond; now < 700 * kSecond; now += kSecond) {
    slots_[0].claimed_at = raw(now);
    protocol_.on_claim(0, {.mac = kRival}, at(now), worker_);
    run(at(now), at(now + kSecond));
  }
  EXPECT_GE(worker_.count(Purpose::announce), 9);
}

TEST_F(ProtocolTest, defences_leave_half_of_the_rate_to_the_announcements) {
  constexpr Id kMany = 1000;
  std::vector<arpl_slot> slots(kMany + 1);
  std::vector<arpl_endpoint_stats> stats(kMany + 1);
  Protocol protocol{settings_, {.slots = slots, .stats = stats, .limits = &limits_}, 1};
  for (Id id = 0; id < kMany; ++id) {
    slots[id].word = kOurs;
    protocol.put(id, {.mac = kOurs, .address = 1000 + id, .owner = id}, Arrival::found, at(kSecond), worker_);
    protocol.on_claim(id, {.mac = kRival}, at(kSecond), worker_);
  }
  slots[kMany].word = kOurNext;
  protocol.put(kMany, {.mac = kOurNext, .address = 5, .owner = kMany}, Arrival::changed, at(kSecond), worker_);
  for (auto now = kSecond; now < 2 * kSecond; now += kSecond / 1000) protocol.tick(at(now), worker_);
  EXPECT_EQ(worker_.count(Purpose::announce), 1);
  EXPECT_GE(worker_.count(Purpose::defend), 45);
}

class SiblingGatewayTest : public ProtocolTest {
 protected:
  static constexpr Ipv4 kGateway = 0x0a000001;

  void put_gateway(Instant now) {
    slots_[1].word = kOurNext;
    protocol_.put(1, {.mac = kOurNext, .address = kGateway}, Arrival::changed, now, worker_);
  }
  PathState state(Instant now) { return protocol_.view(0, now).path->state; }
};

TEST_F(SiblingGatewayTest, a_sibling_gateway_is_not_asked) {
  put_gateway(at(kSecond));
  protocol_.set_gateway(0, kGateway, false, at(kSecond));
  run(at(kSecond), at(100 * kSecond));
  EXPECT_EQ(worker_.count(Purpose::ask_gateway) + worker_.count(Purpose::ask_as_host), 0);
  EXPECT_EQ(state(at(100 * kSecond)), PathState::sibling);
}

TEST_F(SiblingGatewayTest, a_gateway_that_becomes_a_sibling_or_stops_being_one_is_noticed) {
  protocol_.set_gateway(0, kGateway, false, at(kSecond));
  run(at(kSecond), at(20 * kSecond));
  EXPECT_GT(worker_.count(Purpose::ask_gateway), 0);
  put_gateway(at(20 * kSecond));
  EXPECT_EQ(state(at(20 * kSecond)), PathState::sibling);
  protocol_.erase(1, at(30 * kSecond));
  EXPECT_EQ(state(at(30 * kSecond)), PathState::unknown);
}

TEST_F(SiblingGatewayTest, gateway_in_another_vlan_is_no_sibling) {
  slots_[1].word = kOurNext;
  protocol_.put(1, {.mac = kOurNext, .address = kGateway, .vlan = 7}, Arrival::changed, at(kSecond), worker_);
  protocol_.set_gateway(0, kGateway, false, at(kSecond));
  EXPECT_EQ(state(at(kSecond)), PathState::unknown);
}

TEST_F(SiblingGatewayTest, parent_as_gateway_is_not_asked) {
  protocol_.set_gateway(0, kGateway, true, at(kSecond));
  run(at(kSecond), at(100 * kSecond));
  EXPECT_EQ(worker_.count(Purpose::ask_gateway) + worker_.count(Purpose::ask_as_host), 0);
  EXPECT_EQ(state(at(100 * kSecond)), PathState::host);
}

}  // namespace
}  // namespace arpline
