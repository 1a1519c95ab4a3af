// SPDX-License-Identifier: Apache-2.0
// The frames that a watcher wants, gets and misses (shared/watched.h, bpf/watch.bpf.h).
#include <gtest/gtest.h>

#include <algorithm>

#include "packet/watched.hpp"

namespace arpline::packet {
namespace {

class Watchers : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
    BpfRunner::shared().install({.netns = 7});
    watched().begin();
  }
  void TearDown() override {
    if (!IsSkipped()) Watched::end();
  }

  static Watched& watched() { return Watched::shared(); }

  static void pass(const FrameSpec& frame, int times = 1) {
    for (int i = 0; i < times; ++i) BpfRunner::shared().pass(build(frame), 0);
  }
  // Whether a watcher that wants this gets the usual who-has for the endpoint.
  static bool gets(arpl_watch_filter filter, const FrameSpec& frame = {}) {
    if (filter.outcomes == 0) filter.outcomes = ~0ULL;
    filter.flags |= ARPL_WATCH_ON;
    watched().want(0, filter);
    pass(frame);
    return !watched().take().empty();
  }
};

TEST_F(Watchers, get_the_frames_that_every_part_of_their_filter_matches) {
  EXPECT_TRUE(gets({}));
  EXPECT_TRUE(gets({.endpoint = endpoint_ip}));
  EXPECT_TRUE(gets({.endpoint = peer_ip})) << "the sender too";
  EXPECT_FALSE(gets({.endpoint = sibling_ip}));
  EXPECT_TRUE(gets({.from_ip = peer_ip}));
  EXPECT_FALSE(gets({.from_ip = endpoint_ip}));
  EXPECT_TRUE(gets({.from_mac = peer_mac}));
  EXPECT_FALSE(gets({.from_mac = stranger_mac}));
  EXPECT_FALSE(gets({.from_mac = peer_mac, .endpoint = sibling_ip}));
  EXPECT_FALSE(gets({.outcomes = 1ULL << ARPL_foreign}));
  EXPECT_TRUE(gets({.outcomes = 1ULL << ARPL_foreign}, {.target_ip = foreign_ip}));
}

TEST_F(Watchers, of_claims_get_claims) {
  EXPECT_FALSE(gets({.flags = ARPL_WATCH_CLAIMS}));
  EXPECT_TRUE(gets({.flags = ARPL_WATCH_CLAIMS}, {.sender_ip = endpoint_ip, .target_ip = endpoint_ip}));
}

TEST_F(Watchers, of_a_container_get_what_it_is_asked) {
  EXPECT_TRUE(gets({.flags = ARPL_WATCH_NETNS, .netns = {7}}));
  EXPECT_TRUE(gets({.flags = ARPL_WATCH_NETNS, .netns = {1, 2, 3, 7}}));
  EXPECT_FALSE(gets({.flags = ARPL_WATCH_NETNS, .netns = {8}}));
  EXPECT_FALSE(gets({.flags = ARPL_WATCH_NETNS})) << "none has that name";
}

TEST_F(Watchers, get_a_thousand_frames_a_second_at_most_and_the_others_are_counted) {
  watched().want(1, {.outcomes = 1ULL << ARPL_foreign, .flags = ARPL_WATCH_ON});
  constexpr int kFrames = 2000;
  pass({}, kFrames);
  const auto told = watched().take();
  EXPECT_GE(told.size(), 200U) << "saved up";
  EXPECT_EQ(told.size() + watched().left_out(0), kFrames);
  for (const auto& one : told) EXPECT_EQ(one.about.watchers, 1U);
  const auto first = told.front().about.time_ns;
  EXPECT_LE(std::ranges::count_if(told, [&](const auto& one) { return one.about.time_ns < first + seconds; }),
            1000);
  EXPECT_EQ(watched().left_out(1), 0U) << "it wants none of them";
  pass({.target_ip = foreign_ip});
  EXPECT_TRUE(std::ranges::any_of(watched().take(), [](const auto& one) {
    return (one.about.watchers & 2U) != 0;
  })) << "one watcher's flood is not another's";
}

TEST_F(Watchers, need_no_more_of_the_verifier_than_a_tenth_of_what_it_allows) {
  for (const auto instructions : watched().verified_instructions()) EXPECT_LT(instructions, 100'000U);
}

}  // namespace
}  // namespace arpline::packet
