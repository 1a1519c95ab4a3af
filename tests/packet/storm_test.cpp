// SPDX-License-Identifier: Apache-2.0
// Limits on frames that are not ARP, in the loaded program.
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include "packet/bpf_runner.hpp"
#include "packet/storm_frames.hpp"
#include "shared/packet.h"

namespace arpline::packet {
namespace {

constexpr std::uint16_t experimental = 0x88b5;
constexpr arpl_budget three_a_minute{.interval_ns = 20 * seconds, .burst_ns = 60 * seconds};
constexpr arpl_budget nothing{.interval_ns = seconds, .burst_ns = 0};

using Limits = std::vector<std::pair<arpl_storm_key, arpl_storm_limit>>;

arpl_storm_key key_of(arpl_storm_kind kind, std::uint16_t ethertype) {
  return {.ethertype = arpl_swap16(ethertype), .kind = static_cast<__u16>(kind)};
}

std::pair<arpl_storm_key, arpl_storm_limit> limit(arpl_storm_kind kind, std::uint16_t ethertype,
                                                  arpl_budget budget) {
  return {key_of(kind, ethertype),
          {.budget = budget, .per_second = 0, .arrival = 0, .passed = 0, .limited = 0}};
}

Bytes frame_to(Mac destination, std::uint16_t ethertype = experimental) {
  return frame_of(destination, ethertype, Bytes(46, 0xaa));
}

class StormLimits : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  }
  void TearDown() override {
    if (!IsSkipped()) runner().install_storm({});
  }
  static BpfRunner& runner() { return BpfRunner::shared(); }

  void install(const Limits& limits, State state = {}, const std::vector<Mac>& groups = {}) {
    state.switches |= ARPL_LIMIT_STORM;
    runner().install(state);
    runner().install_storm(limits, groups);
    counted_ = runner().other_counts();
  }

  // Expects the action and that this counter alone has grown; nullopt: none has. ARP's counters never grow.
  void expect(const Bytes& frame, int action, std::optional<std::size_t> counter) {
    const auto run = runner().run(frame);
    EXPECT_EQ(run.retval, action);
    EXPECT_EQ(run.outcome.frame, frame) << "what passes is not changed";
    EXPECT_TRUE(run.outcome.grown.empty()) << "a verdict of ARP was counted";
    if (counter) ++counted_[*counter];
    EXPECT_EQ(runner().other_counts(), counted_);
    counted_ = runner().other_counts();
  }
  void passes_untouched(const Bytes& frame) { expect(frame, XDP_PASS, std::nullopt); }

  std::vector<std::uint64_t> counted_;
};

TEST_F(StormLimits, leave_alone_what_is_needed_by_all_and_no_other_frame) {
  install({limit(ARPL_STORM_BROADCAST, 0, nothing), limit(ARPL_STORM_MULTICAST, 0, nothing)});
  for (const auto& row : storm_frames()) {
    SCOPED_TRACE(row.name);
    if (row.name == "arp_behind_two_tags") continue;  // counts as ARP
    const bool to_all = arpl_load_mac(row.frame.data()) == ARPL_MAC_BROADCAST;
    if (row.ethertype)
      expect(row.frame, XDP_DROP, to_all ? ARPL_OTHER_broadcast_limited : ARPL_OTHER_multicast_limited);
    else
      passes_untouched(row.frame);
  }
}

TEST_F(StormLimits, pass_what_the_budget_allows_and_drop_the_rest) {
  install({limit(ARPL_STORM_BROADCAST, experimental, three_a_minute)});
  for (int i = 0; i < 3; ++i) expect(frame_to(broadcast_mac), XDP_PASS, ARPL_OTHER_broadcast_passed);
  for (int i = 0; i < 5; ++i) expect(frame_to(broadcast_mac), XDP_DROP, ARPL_OTHER_broadcast_limited);
  const auto after = runner().storm_limit(key_of(ARPL_STORM_BROADCAST, experimental));
  EXPECT_EQ(after.passed, 3U);
  EXPECT_EQ(after.limited, 5U);
}

TEST_F(StormLimits, are_one_for_each_kind_and_ethertype) {
  install({limit(ARPL_STORM_BROADCAST, experimental, nothing)});
  expect(frame_to(broadcast_mac), XDP_DROP, ARPL_OTHER_broadcast_limited);
  passes_untouched(frame_to(broadcast_mac, experimental + 1));
  passes_untouched(frame_to(mdns_mac));
  install({limit(ARPL_STORM_MULTICAST, experimental, nothing)});
  expect(frame_to(mdns_mac), XDP_DROP, ARPL_OTHER_multicast_limited);
  passes_untouched(frame_to(broadcast_mac));
}

TEST_F(StormLimits, of_all_others_do_not_count_for_an_ethertype_with_its_own) {
  install({limit(ARPL_STORM_BROADCAST, experimental, three_a_minute), limit(ARPL_STORM_BROADCAST, 0, nothing)});
  expect(frame_to(broadcast_mac), XDP_PASS, ARPL_OTHER_broadcast_passed);
  expect(frame_to(broadcast_mac, experimental + 1), XDP_DROP, ARPL_OTHER_broadcast_limited);
}

TEST_F(StormLimits, do_not_apply_to_joined_groups_or_unicast) {
  install({limit(ARPL_STORM_MULTICAST, 0, nothing), limit(ARPL_STORM_BROADCAST, 0, nothing)}, {}, {mdns_mac});
  passes_untouched(frame_to(mdns_mac));
  passes_untouched(frame_to(endpoint_mac));
  expect(frame_to(all_nodes_mac), XDP_DROP, ARPL_OTHER_multicast_limited);
}

TEST_F(StormLimits, in_observe_count_what_they_would_drop_and_pass_it) {
  install({limit(ARPL_STORM_BROADCAST, 0, nothing), limit(ARPL_STORM_MULTICAST, 0, nothing)},
          {.switches = ARPL_LIMIT_OBSERVE});
  constexpr std::size_t twins = static_cast<std::size_t>(ARPL_OTHER_VERDICTS) - ARPL_FIRST_OTHER_DROP;
  expect(frame_to(broadcast_mac), XDP_PASS, ARPL_OTHER_broadcast_limited + twins);
  expect(frame_to(mdns_mac), XDP_PASS, ARPL_OTHER_multicast_limited + twins);
}

TEST_F(StormLimits, end_with_the_lease) {
  install({limit(ARPL_STORM_BROADCAST, 0, nothing)}, {.lease = false});
  passes_untouched(frame_to(broadcast_mac));
}

TEST_F(StormLimits, that_are_switched_off_touch_nothing) {
  install({limit(ARPL_STORM_BROADCAST, 0, nothing)});
  runner().install({});
  passes_untouched(frame_to(broadcast_mac));
}

TEST_F(StormLimits, without_an_end_pass_and_count) {
  install({limit(ARPL_STORM_MULTICAST, 0, {.interval_ns = 0, .burst_ns = 0})});
  expect(frame_to(mdns_mac), XDP_PASS, ARPL_OTHER_multicast_passed);
}

TEST_F(StormLimits, do_not_touch_arp) {
  install({limit(ARPL_STORM_BROADCAST, 0, nothing), limit(ARPL_STORM_MULTICAST, 0, nothing)});
  for (const std::uint16_t op : {1, 2}) {
    for (const Mac destination : {broadcast_mac, mdns_mac}) {
      const auto frame =
          build({.eth_dst = destination, .op = op, .sender_ip = foreign_ip, .target_ip = foreign_ip});
      EXPECT_EQ(runner().run(frame).retval, XDP_PASS);
      EXPECT_EQ(runner().other_counts(), counted_);
    }
  }
}

}  // namespace
}  // namespace arpline::packet
