// SPDX-License-Identifier: Apache-2.0
#include "protocol/protocol.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace arpline {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr Mac kOurs = 0x0102;
constexpr Mac kOurNext = 0x0202;
constexpr Mac kRival = 0x0902;
constexpr Ipv4 kAddress = 0x0a00000a;

class Worker final : public Actions {
 public:
  bool full = false;
  std::vector<Outgoing> defences;

  bool send(const Outgoing& frame) override {
    if (!full && frame.purpose == Purpose::defend) defences.push_back(frame);
    return !full;
  }
  void report(const Report& /*report*/) override {}
};

class ProtocolTest : public testing::Test {
 protected:
  ProtocolTest() { put(kOurs); }

  void put(Mac mac) {
    slots_[0].word = mac;
    protocol_.put(0, {.mac = mac, .address = kAddress}, Arrival::changed, kSecond, worker_);
  }
  void claim_with_a_full_worker() {
    worker_.full = true;
    slots_[0].claimed_at = kSecond;
    protocol_.on_claim(0, {.mac = kRival}, kSecond, worker_);
    protocol_.tick(kSecond, worker_);
    worker_.full = false;
  }

  std::array<arpl_slot, 1> slots_{};
  std::array<arpl_endpoint_stats, 1> stats_{};
  arpl_limits limits_{};
  Protocol::Settings settings_{.on_conflict = OnConflict::always};
  Protocol protocol_{settings_, {.slots = slots_, .stats = stats_, .limits = &limits_}, 1};
  Worker worker_;
};

TEST_F(ProtocolTest, what_is_still_probed_for_is_not_defended) {
  settings_.probe = ProbeMode::rfc5227;
  protocol_.set(settings_, kSecond);
  put(kOurNext);
  claim_with_a_full_worker();
  protocol_.tick(2 * kSecond, worker_);
  EXPECT_TRUE(worker_.defences.empty());
}

TEST_F(ProtocolTest, defence_that_had_no_room_leaves_later) {
  claim_with_a_full_worker();
  protocol_.tick(2 * kSecond, worker_);
  ASSERT_EQ(worker_.defences.size(), 1);
  EXPECT_EQ(worker_.defences[0].frame.sender_mac, kOurs);
}

TEST_F(ProtocolTest, defence_that_waits_is_dropped_by_a_policy_that_defends_nothing) {
  for (const auto policy : {OnConflict::alert, OnConflict::never}) {
    protocol_.set(settings_, kSecond);
    claim_with_a_full_worker();
    settings_.on_conflict = policy;
    protocol_.set(settings_, kSecond);
    protocol_.tick(2 * kSecond, worker_);
    EXPECT_TRUE(worker_.defences.empty());
    settings_.on_conflict = OnConflict::always;
  }
}

TEST_F(ProtocolTest, defence_that_waits_is_kept_by_other_settings) {
  claim_with_a_full_worker();
  settings_.announce.repeat = 3;
  protocol_.set(settings_, kSecond);
  protocol_.tick(2 * kSecond, worker_);
  EXPECT_EQ(worker_.defences.size(), 1);
}

TEST_F(ProtocolTest, what_was_claimed_from_the_interface_before_is_not_defended_by_the_next_one) {
  claim_with_a_full_worker();
  put(kOurNext);
  protocol_.tick(2 * kSecond, worker_);
  EXPECT_TRUE(worker_.defences.empty());
}

}  // namespace
}  // namespace arpline
