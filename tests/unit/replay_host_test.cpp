// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>

#include "arpline/replay/replay_host.hpp"
#include "arpline/replay/report.hpp"
#include "packet/frame.hpp"

namespace arpline::replay {
namespace {

using packet::Bytes;
using packet::FrameSpec;

constexpr std::uint64_t kStart = 1'700'000'000 * ARPL_SECOND_NS;

Network network(const std::string& vlan = "") {
  auto found =
      network_of({.endpoints = {"10.1.0.5/24=02:42:0a:01:00:05" + vlan, "10.1.0.6/24=02:42:0a:01:00:06"},
                  .own_macs = {"02:00:00:00:00:01"}},
                 {});
  return found;
}

struct Played {
  explicit Played(const Network& with = network(), Ways ways = {})
      : world(std::make_unique<ReplayHost>(with, ways)) {}

  const Seen& see(const Bytes& frame, std::uint64_t time_ns, std::uint32_t wire_bytes = 0) {
    return world->see({.bytes = std::as_bytes(std::span{frame}),
                       .wire_bytes = std::max(wire_bytes, static_cast<std::uint32_t>(frame.size())),
                       .time_ns = time_ns});
  }
  const Seen& see(const FrameSpec& frame, std::uint64_t time_ns = kStart) {
    return see(packet::build(frame), time_ns);
  }
  // The endpoint's kernel answers the peer.
  const Seen& answer(std::uint64_t time_ns = kStart) {
    return see(packet::kernel_reply({}, packet::endpoint_mac), time_ns);
  }
  // Hands a who-has to the kernel and answers it, which confirms the pair.
  void confirm(std::uint64_t time_ns = kStart) {
    see(FrameSpec{}, time_ns);
    answer(time_ns);
  }

  std::unique_ptr<ReplayHost> world;
};

Bytes bytes_of(std::span<const std::byte> raw) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(raw.data());
  return {first, first + raw.size()};
}

TEST(ReplayWorldTest, a_reply_in_the_capture_confirms_the_pair) {
  Played played;
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "to_child_new");
  EXPECT_EQ(played.answer().sent, ARPL_SENT_CONFIRMS);
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "reflect");
  EXPECT_EQ(played.world->egress().confirmed, 1U);
}

TEST(ReplayWorldTest, arplines_answer_is_the_kernels) {
  Played played;
  played.confirm();
  auto expected = packet::kernel_reply({}, packet::endpoint_mac);
  expected.resize(60);
  EXPECT_EQ(bytes_of(played.see(FrameSpec{}).answer), expected);
}

TEST(ReplayWorldTest, without_the_fast_path_the_ring_answers_and_its_credit_comes_back) {
  auto slow = network();
  slow.limits.flags = 0;
  Played played{slow};
  played.confirm();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(name_of(played.see(FrameSpec{})), "ring");
  EXPECT_EQ(played.world->sums().engine.answered, 1000U);
  EXPECT_EQ(bytes_of(played.see(FrameSpec{}).answer), packet::kernel_reply({}, packet::endpoint_mac));
}

TEST(ReplayWorldTest, without_a_worker_nothing_goes_into_the_ring) {
  auto none = network();
  none.limits.flags = 0;
  none.ring = false;
  Played played{none};
  played.confirm();
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "to_child_excess");
}

TEST(ReplayWorldTest, confirmed_takes_what_is_handed_over_as_answered) {
  Played played{network(), {.confirmed = true}};
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "to_child_new");
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "reflect");
  EXPECT_EQ(name_of(played.see({.eth_dst = packet::sibling_mac, .target_ip = packet::sibling_ip})),
            "unicast_new");
  EXPECT_EQ(name_of(played.see({.target_ip = packet::sibling_ip})), "reflect");
  EXPECT_EQ(played.world->sums().assumed, 2U);
}

TEST(ReplayWorldTest, confirmed_does_not_answer_for_what_the_kernel_may_never_get) {
  auto tight = network();
  tight.limits.to_child = tight.limits.to_child_trusted = {.interval_ns = ARPL_SECOND_NS, .burst_ns = 0};
  Played played{tight, {.confirmed = true}};
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "over_budget");
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "over_budget");
  EXPECT_EQ(played.world->sums().assumed, 0U);
}

TEST(ReplayWorldTest, a_reply_that_nobody_has_asked_for_confirms_nothing) {
  Played played;
  EXPECT_NE(played.answer().sent, ARPL_SENT_CONFIRMS);
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "to_child_new");
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "to_child_new");
}

// A capture contains no checks, so an endpoint without answers may just not have been asked.
TEST(ReplayWorldTest, an_endpoint_that_never_answers_is_asked_on) {
  Played played;
  for (std::uint64_t second = 0; second < 6; ++second)
    EXPECT_EQ(name_of(played.see(FrameSpec{}, kStart + second * ARPL_SECOND_NS)), "to_child_new");
}

TEST(ReplayWorldTest, the_clock_is_the_captures) {
  Played played;
  played.confirm();
  EXPECT_EQ(name_of(played.see(FrameSpec{}, kStart + 29 * ARPL_SECOND_NS)), "reflect");
  EXPECT_EQ(name_of(played.see(FrameSpec{}, kStart + 31 * ARPL_SECOND_NS)), "to_child_sample");
  EXPECT_EQ(name_of(played.see(FrameSpec{}, kStart + 61 * ARPL_SECOND_NS)), "to_child_new");
  EXPECT_EQ(played.world->sums().first_ns, kStart);
  EXPECT_EQ(played.world->sums().last_ns, kStart + 61 * ARPL_SECOND_NS);
}

TEST(ReplayWorldTest, a_time_that_goes_back_is_the_time_before) {
  Played played;
  played.confirm();
  played.see(FrameSpec{}, kStart + 61 * ARPL_SECOND_NS);
  const auto& seen = played.see(FrameSpec{}, kStart);
  EXPECT_EQ(name_of(seen), "to_child_new");
  EXPECT_EQ(seen.time_ns, kStart + 61 * ARPL_SECOND_NS);
  EXPECT_EQ(played.world->sums().back_in_time, 1U);
  EXPECT_EQ(played.world->sums().last_ns, kStart + 61 * ARPL_SECOND_NS);
}

TEST(ReplayWorldTest, a_capture_may_begin_at_zero) {
  Played played;
  played.confirm(0);
  EXPECT_EQ(name_of(played.see(FrameSpec{}, 1)), "reflect");
  EXPECT_EQ(played.see({.op = 2, .sender_mac = packet::stranger_mac, .sender_ip = packet::endpoint_ip}, 2).kind,
            Kind::received);
  EXPECT_EQ(name_of(played.see(FrameSpec{}, 3)), "reflect");
  EXPECT_EQ(played.world->status().endpoints.front().reason, "contested") << "claimed at 0 would be never";
}

TEST(ReplayWorldTest, what_own_macs_send_has_no_verdict_unless_all_came_in) {
  const FrameSpec container{.eth_src = packet::sibling_mac,
                            .sender_mac = packet::sibling_mac,
                            .sender_ip = packet::sibling_ip,
                            .target_ip = packet::peer_ip};
  EXPECT_EQ(Played{}.see(container).kind, Kind::sent);
  Played inbound{network(), {.inbound = true}};
  EXPECT_EQ(name_of(inbound.see(container)), "own_mac");
}

TEST(ReplayWorldTest, a_container_that_claims_anothers_address_is_counted_and_takes_no_answer_away) {
  Played played;
  played.confirm();
  const auto& seen = played.see(
      {.eth_src = packet::sibling_mac, .sender_mac = packet::sibling_mac, .sender_ip = packet::endpoint_ip});
  EXPECT_EQ(seen.sent, ARPL_SENT_CLAIMS);
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "reflect");
  EXPECT_EQ(played.world->status().endpoints.front().counters.claims, 1U);
}

TEST(ReplayWorldTest, a_claim_that_would_be_dropped_contests_nothing) {
  auto strict = network();
  strict.limits.flags |= ARPL_LIMIT_CLAIMS_DROP;
  Played played{strict};
  played.confirm();
  const auto& seen = played.see(
      {.eth_src = packet::sibling_mac, .sender_mac = packet::sibling_mac, .sender_ip = packet::endpoint_ip});
  EXPECT_EQ(seen.sent, ARPL_SENT_DROPPED);
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "reflect");
  EXPECT_EQ(played.world->status().endpoints.front().counters.claims, 1U);
}

TEST(ReplayWorldTest, observe_counts_what_it_would_have_done) {
  auto watching = network();
  watching.limits.flags |= ARPL_LIMIT_OBSERVE;
  Played played{watching, {.confirmed = true}};
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "would_to_child_new");
  const auto& seen = played.see(FrameSpec{});
  EXPECT_EQ(name_of(seen), "would_reflect");
  EXPECT_TRUE(seen.answer.empty());
}

TEST(ReplayWorldTest, the_endpoint_is_found_in_its_vlan) {
  Played played{network("@100"), {.confirmed = true}};
  EXPECT_EQ(name_of(played.see(FrameSpec{})), "foreign");
  EXPECT_EQ(name_of(played.see({.tags = {{.tci = 100}}})), "to_child_new");
}

TEST(ReplayWorldTest, a_frame_that_the_capture_cut_behind_its_addresses_is_judged_as_it_was) {
  Played played;
  EXPECT_EQ(name_of(played.see(packet::build({.bytes = 42}), kStart, 60)), "to_child_new");
  EXPECT_EQ(name_of(played.see(packet::build({.bytes = 42}), kStart, 200)), "odd") << "over 128 bytes";
}

TEST(ReplayWorldTest, a_frame_that_the_capture_cut_before_is_left_out) {
  Played played;
  EXPECT_EQ(played.see(packet::build({.bytes = 41}), kStart, 60).kind, Kind::cut);
  EXPECT_EQ(name_of(played.see(packet::build({.bytes = 41}), kStart)), "malformed") << "it was that short";
  EXPECT_EQ(played.world->sums().cut, 1U);
}

TEST(ReplayWorldTest, each_frame_is_counted_once) {
  Played played;
  played.see({.ethertype = 0x0800});
  played.confirm();
  played.see(packet::build({.bytes = 30}), kStart, 60);
  const auto& sums = played.world->sums();
  EXPECT_EQ(sums.frames, 4U);
  EXPECT_EQ(sums.not_arp, 1U);
  EXPECT_EQ(sums.cut, 1U);
  EXPECT_EQ(played.world->egress().seen, 1U);
  EXPECT_EQ(played.world->status().verdicts.at("to_child_new"), 1U);
}

TEST(ReplayWorldTest, a_line_says_when_what_and_who) {
  Played played;
  EXPECT_EQ(line_of(played.see(FrameSpec{}, kStart + 1'500'000'000), kStart),
            "     1.500000000  to_child_new      10.1.0.99 (52:54:00:12:34:99) asks for 10.1.0.5\n");
}

}  // namespace
}  // namespace arpline::replay
