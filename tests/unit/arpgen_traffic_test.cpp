// SPDX-License-Identifier: Apache-2.0
#include "arpgen/traffic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <set>
#include <span>
#include <string>

#include "arpgen/bpf/frame.h"
#include "arpgen/spec.hpp"
#include "base/error.hpp"

struct arpgen_tables {
  std::span<const std::uint32_t> zipf;
};

static __u32 arpgen_zipf_target(const arpgen_tables* tables, __u32 stream, __u32 slot) {
  return tables->zipf[stream * ARPGEN_ZIPF_SLOTS + slot];
}

static __u64 arpgen_target_mac(const arpgen_tables* /*tables*/, __u32 /*place*/) {
  return 0;
}

namespace arpline::gen {
namespace {

constexpr Mac own_mac = 0x0100000a4202;
const Identity self{.address = 0x0a000064, .mac = own_mac};

Plan plan_of(const std::vector<std::string>& specs, const Identity& identity = self) {
  return make_plan(specs, identity, 1);
}

std::string error_of(const std::vector<std::string>& specs, const Identity& identity = self) {
  try {
    plan_of(specs, identity);
  } catch (const SetupError& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ArpgenTraffic, the_interface_is_the_requester_by_default) {
  const Plan plan = make_plan({"who-has to=10.0.0.1-10.0.0.9"}, self, 42);
  EXPECT_EQ(plan.plan.seed, 42U);
  ASSERT_EQ(plan.plan.stream_count, 1U);
  const arpgen_stream& stream = plan.plan.streams[0];
  EXPECT_EQ(stream.requester_first, self.address);
  EXPECT_EQ(stream.requester_count, 1U);
  EXPECT_EQ(stream.requester_mac, own_mac);
  EXPECT_EQ(stream.target_first, 0x0a000001U);
  EXPECT_EQ(stream.target_count, 9U);
  EXPECT_EQ(plan.names, std::vector<std::string>{"who-has to=10.0.0.1-10.0.0.9"});
  EXPECT_TRUE(plan.zipf.empty());
}

TEST(ArpgenTraffic, carries_every_word_over) {
  const arpgen_stream stream =
      plan_of({"probe to=10.0.0.1 vlan=42 unicast mac=02:00:00:00:00:07 order=sequential"}).plan.streams[0];
  EXPECT_EQ(stream.kind, ARPGEN_PROBE);
  EXPECT_EQ(stream.vlan, 42);
  EXPECT_EQ(stream.unicast, 1);
  EXPECT_EQ(stream.requester_mac, 0x070000000002U);
  EXPECT_EQ(stream.target_order, ARPGEN_SEQUENTIAL);
  const arpgen_stream other =
      plan_of({"who-has to=10.0.0.1 from=10.1.0.0/16 requesters=sequential flaw=opcode"}).plan.streams[0];
  EXPECT_EQ(other.flaw, ARPGEN_OPCODE);
  EXPECT_EQ(other.requester_count, 65536U);
  EXPECT_EQ(other.requester_order, ARPGEN_SEQUENTIAL);
}

TEST(ArpgenTraffic, own_macs_are_locally_administered_unless_told_otherwise) {
  const auto first_bytes = [](const std::string& words) {
    const Plan plan = plan_of({"who-has to=10.0.0.1 from=10.1.0.0/16 macs=own" + words});
    EXPECT_EQ(plan.plan.streams[0].macs_of_their_own, 1);
    return plan.plan.streams[0].requester_mac;
  };
  EXPECT_EQ(first_bytes(""), 0x0002U);
  EXPECT_EQ(first_bytes(" mac=06:55:01:02:03:04"), 0x5506U) << "two bytes, the rest is the IP";
}

TEST(ArpgenTraffic, a_probe_is_from_nobody) {
  const arpgen_stream stream = plan_of({"probe to=10.0.0.0/24"}, {.mac = own_mac}).plan.streams[0];
  EXPECT_EQ(stream.requester_first, 0U);
  EXPECT_EQ(stream.requester_count, 1U);
  EXPECT_EQ(stream.flow_count, 256U);
}

TEST(ArpgenTraffic, needs_an_interface_only_for_what_the_spec_leaves_out) {
  EXPECT_EQ(error_of({"who-has to=10.0.0.1 from=10.0.0.2 mac=02:00:00:00:00:01"}, {}), "");
  EXPECT_EQ(error_of({"who-has to=10.0.0.1 from=10.0.0.2 macs=own"}, {}), "");
  EXPECT_EQ(error_of({"other mac=02:00:00:00:00:01"}, {}), "");
  EXPECT_EQ(error_of({"claim to=10.0.0.1 mac=02:00:00:00:00:01"}, {}), "")
      << "a claim's sender IP is the target's";
  EXPECT_TRUE(contains(error_of({"who-has to=10.0.0.1 from=10.0.0.2"}, {}), "mac="));
  EXPECT_TRUE(contains(error_of({"who-has to=10.0.0.1"}, {.mac = own_mac}), "from="));
  EXPECT_TRUE(contains(error_of({"other macs=own"}, {.mac = own_mac}), "from="));
}

TEST(ArpgenTraffic, a_flow_for_every_pair_that_fits) {
  const arpgen_stream stream = plan_of({"who-has to=10.0.0.0/24 from=10.1.0.0/20"}).plan.streams[0];
  EXPECT_EQ(stream.flows_hashed, 0);
  EXPECT_EQ(stream.flow_count, 256U * 4096U) << "all flows that there are";
}

TEST(ArpgenTraffic, hashed_flows_where_there_are_too_many_pairs) {
  const arpgen_stream stream = plan_of({"who-has to=10.0.0.0/26 from=10.1.0.0/16"}).plan.streams[0];
  EXPECT_EQ(stream.flows_hashed, 1);
  EXPECT_EQ(stream.flow_count, 1U << 18);
}

const std::vector<std::string> mix = {
    "who-has to=10.0.0.0/22 from=10.1.0.0/16 weight=3",
    "claim to=10.0.0.0/16",
    "probe to=10.0.0.0/24",
    "who-has to=10.2.0.0/26 from=10.3.0.0/16 macs=own",
    "who-has to=10.6.0.1 from=10.7.0.1 order=zipf",
    "who-has to=10.0.0.0/16 flaw=truncated",
    "other",
};

TEST(ArpgenTraffic, streams_share_flows_and_targets_without_overlap) {
  const Plan plan = plan_of(mix);
  std::vector<int> flows(ARPGEN_MAX_FLOWS);
  std::vector<int> targets(ARPGEN_MAX_TARGETS);
  for (const auto& stream : std::span{plan.plan.streams, plan.plan.stream_count}) {
    ASSERT_LE(stream.first_flow + stream.flow_count, ARPGEN_MAX_FLOWS);
    if (stream.flow_count == 0) {
      EXPECT_EQ(stream.first_target, 0U);
      continue;
    }
    if (stream.flows_hashed != 0) {
      EXPECT_TRUE(std::has_single_bit(stream.flow_count));
      EXPECT_GE(stream.flow_count, 1U << 17) << "a sensible share";
    } else {
      EXPECT_EQ(stream.flow_count, stream.requester_count * stream.target_count);
    }
    for (std::uint32_t i = 0; i < stream.flow_count; ++i) EXPECT_EQ(++flows[stream.first_flow + i], 1);
    for (std::uint32_t i = 0; i < stream.target_count; ++i) EXPECT_EQ(++targets.at(stream.first_target + i), 1);
  }
}

TEST(ArpgenTraffic, nobody_answers_what_is_no_flawless_request) {
  const Plan plan = plan_of(
      {"announcement", "reply to=10.0.0.1", "claim to=10.0.0.1", "other", "who-has to=10.0.0.1 flaw=long"});
  for (const auto& stream : std::span{plan.plan.streams, plan.plan.stream_count})
    EXPECT_EQ(stream.flow_count, 0U);
}

TEST(ArpgenTraffic, every_frame_of_a_mix_has_its_place) {
  const Plan plan = plan_of(mix);
  const arpgen_tables tables{plan.zipf};
  for (std::uint64_t index = 0; index < 200'000; ++index) {
    arpgen_frame frame{};
    arpgen_choose(&plan.plan, &tables, index, &frame);
    ASSERT_LT(frame.stream, plan.plan.stream_count);
    const arpgen_stream& stream = plan.plan.streams[frame.stream];
    ASSERT_LT(frame.target_ip - stream.target_first, stream.target_count);
    if (stream.flow_count == 0) {
      ASSERT_EQ(frame.flow, ARPGEN_NO_FLOW);
    } else {
      ASSERT_LT(frame.flow - stream.first_flow, stream.flow_count);
      ASSERT_LT(frame.target, ARPGEN_MAX_TARGETS);
    }
  }
}

TEST(ArpgenTraffic, a_requester_among_the_targets_never_asks_for_itself) {
  for (const std::string order : {"", " order=sequential requesters=sequential"}) {
    const Plan plan = plan_of({"who-has to=10.0.0.1-10.0.0.4 from=10.0.0.1-10.0.0.4" + order});
    const arpgen_tables tables{plan.zipf};
    std::set<std::uint64_t> pairs;
    for (std::uint64_t index = 0; index < 1'000; ++index) {
      arpgen_frame frame{};
      arpgen_choose(&plan.plan, &tables, index, &frame);
      ASSERT_NE(frame.requester_ip, frame.target_ip);
      ASSERT_LT(frame.requester_ip - plan.plan.streams[0].requester_first, 4U);
      ASSERT_LT(frame.flow, 16U);
      pairs.insert(arpgen_key(frame.requester_ip, frame.target_ip));
    }
    EXPECT_EQ(pairs.size(), order.empty() ? 12U : 4U);
  }
}

TEST(ArpgenTraffic, shares_follow_the_weights) {
  const Plan plan = plan_of({"other weight=1", "claim to=10.0.0.1 weight=2", "announcement weight=5"});
  std::vector<double> frames(3);
  constexpr int count = 80'000;
  for (std::uint64_t index = 0; index < count; ++index)
    ++frames[arpgen_stream_of(&plan.plan, static_cast<__u32>(arpgen_draw(1, index)))];
  EXPECT_NEAR(frames[0] / count, 0.125, 0.01);
  EXPECT_NEAR(frames[1] / count, 0.25, 0.01);
  EXPECT_NEAR(frames[2] / count, 0.625, 0.01);
  EXPECT_EQ(plan.plan.streams[2].share, 0xffffffffU);
  EXPECT_EQ(plan_of({"other"}).plan.streams[0].share, 0xffffffffU);
  EXPECT_EQ(plan_of({"other weight=1000000", "other", "other"}).plan.streams[2].share, 0xffffffffU);
}

TEST(ArpgenTraffic, the_longest_frame_is_the_one_that_frame_h_makes) {
  const auto bytes = [](const std::string& words) {
    return plan_of({"who-has to=10.0.0.1 " + words}).plan.frame_bytes;
  };
  EXPECT_EQ(bytes(""), 60U);
  EXPECT_EQ(bytes("vlan=5"), 64U);
  EXPECT_EQ(bytes("flaw=service-tag"), 64U);
  EXPECT_EQ(bytes("flaw=service-tag vlan=5"), 68U);
  EXPECT_EQ(bytes("flaw=two-tags"), 68U);
  EXPECT_EQ(bytes("flaw=long"), 200U);
  EXPECT_LT(bytes("flaw=truncated"), 42U);
  EXPECT_EQ(plan_of({"other vlan=5", "who-has to=10.0.0.1 flaw=truncated", "other"}).plan.frame_bytes, 64U);
  for (const auto& flaw : flaws()) {
    for (const std::string vlan : {"", " vlan=5"}) {
      const Plan plan = plan_of({"who-has to=10.0.0.1 flaw=" + std::string{flaw.name} + vlan});
      EXPECT_EQ(plan.plan.frame_bytes, arpgen_bytes_of(&plan.plan.streams[0])) << plan.names[0];
    }
  }
}

TEST(ArpgenTraffic, zipf_makes_the_first_targets_the_most_asked) {
  const Plan plan = plan_of({"other", "who-has to=10.0.0.0/24 order=zipf"});
  ASSERT_EQ(plan.zipf.size(), std::size_t{2} * ARPGEN_ZIPF_SLOTS);
  const auto slots = std::span{plan.zipf}.subspan(ARPGEN_ZIPF_SLOTS);
  EXPECT_TRUE(std::ranges::is_sorted(slots));
  EXPECT_EQ(slots.back(), 255U);
  double sum = 0;
  for (int k = 1; k <= 256; ++k) sum += 1.0 / k;
  for (const int k : {1, 2, 10, 100}) {
    const auto share =
        static_cast<double>(std::ranges::count(slots, static_cast<std::uint32_t>(k - 1))) / 65536;
    EXPECT_NEAR(share, 1.0 / k / sum, 2.0 / 65536) << k;
  }
}

TEST(ArpgenTraffic, an_exponent_of_zero_is_uniform) {
  const Plan plan = plan_of({"who-has to=10.0.0.0/16 order=zipf:0"});
  for (std::uint32_t u = 0; u < ARPGEN_ZIPF_SLOTS; ++u) ASSERT_EQ(plan.zipf[u], u);
}

TEST(ArpgenTraffic, names_the_limits) {
  EXPECT_TRUE(contains(error_of({"who-has to=10.0.0.0/15"}), "ARPGEN_MAX_TARGETS"));
  EXPECT_TRUE(contains(error_of({"who-has to=10.0.0.0/15 order=zipf"}), "ARPGEN_MAX_TARGETS"));
  EXPECT_TRUE(contains(error_of({"who-has to=10.0.0.0/16", "who-has to=11.0.0.1"}), "ARPGEN_MAX_TARGETS"));
  EXPECT_TRUE(
      contains(error_of(std::vector<std::string>(ARPGEN_MAX_STREAMS + 1, "other")), "ARPGEN_MAX_STREAMS"));
  EXPECT_EQ(error_of(std::vector<std::string>(ARPGEN_MAX_STREAMS, "other")), "");
  EXPECT_TRUE(contains(error_of({}), "--traffic"));
}

TEST(ArpgenTraffic, refuses_streams_whose_answers_look_the_same) {
  const auto confused = [](const std::string& a, const std::string& b) {
    return contains(error_of({a, b}), "told apart");
  };
  EXPECT_TRUE(confused("who-has to=10.0.0.0/24", "who-has to=10.0.0.7 unicast"));
  EXPECT_TRUE(confused("probe to=10.0.0.0/24", "probe to=10.0.0.7"));
  EXPECT_TRUE(confused("who-has to=10.0.0.0/24", "who-has to=10.0.0.7 flaw=long")) << "Linux answers it";
  EXPECT_FALSE(confused("who-has to=10.0.0.0/24", "who-has to=10.0.0.7 flaw=opcode"));
  EXPECT_FALSE(confused("who-has to=10.0.0.0/24 flaw=hardware-type", "who-has to=10.0.0.7 flaw=long"))
      << "neither is metered";
  EXPECT_FALSE(confused("who-has to=10.0.0.0/24", "who-has to=10.0.0.7 from=10.0.0.101"));
  EXPECT_FALSE(confused("who-has to=10.0.0.0/24", "who-has to=10.0.0.7 vlan=5"));
  EXPECT_FALSE(confused("who-has to=10.0.0.0/24", "who-has to=10.0.1.0/24"));
  EXPECT_FALSE(confused("who-has to=10.0.0.0/24", "probe to=10.0.0.0/24"));
  EXPECT_FALSE(confused("who-has to=10.0.0.0/24", "claim to=10.0.0.0/24"));
}

}  // namespace
}  // namespace arpline::gen
