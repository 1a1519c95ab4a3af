// SPDX-License-Identifier: Apache-2.0
#include "arpgen/presets.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "arpgen/spec.hpp"
#include "arpgen/traffic.hpp"
#include "base/error.hpp"

namespace arpline::gen {
namespace {

const std::string to = "10.0.0.1-10.0.0.64";
const Identity self{.address = 0x0a000064, .mac = 0x0100000a4202};

using Specs = std::vector<std::string>;

TEST(ArpgenPresets, every_one_makes_a_plan_with_and_without_requesters) {
  EXPECT_EQ(presets().size(), 6U);
  for (const auto& one : presets()) {
    for (const std::string from : {"", "10.0.1.0/24"}) {
      const auto specs = preset(one.name, to, from);
      EXPECT_EQ(make_plan(specs, self, 1).plan.stream_count, specs.size()) << one.name;
    }
    EXPECT_FALSE(one.description.empty());
  }
}

TEST(ArpgenPresets, a_simple_one_reads_as_an_example) {
  EXPECT_EQ(preset("storm", to, ""), Specs{"who-has to=10.0.0.1-10.0.0.64"});
  EXPECT_EQ(preset("storm", to, "10.0.0.99"), Specs{"who-has to=10.0.0.1-10.0.0.64 from=10.0.0.99"});
  EXPECT_EQ(preset("scan", "10.0.0.0/24", ""), Specs{"who-has to=10.0.0.0/24 order=sequential"});
}

TEST(ArpgenPresets, spoofed_requesters_are_the_whole_subnet_the_targets_included) {
  const Spec spec = parse_spec(preset("spoof", to, "").at(0));
  EXPECT_TRUE(spec.own_macs);
  EXPECT_EQ(spec.from, parse_range("10.0.0.1-10.0.255.254"));
  EXPECT_EQ(parse_spec(preset("spoof", "10.0.0.0/16", "").at(0)).from, spec.from);
  EXPECT_EQ(parse_spec(preset("spoof", to, "10.9.0.0/24").at(0)).from, parse_range("10.9.0.0/24"));
}

TEST(ArpgenPresets, invented_requesters_lie_on_the_larger_side_of_the_targets) {
  EXPECT_EQ(invented_requesters("10.0.200.0/24", 10), "10.0.199.246-10.0.199.255");
  EXPECT_EQ(invented_requesters("10.0.1.0/24", 10), "10.0.2.0-10.0.2.9");
  EXPECT_EQ(invented_requesters("10.0.0.0", 10), "10.0.0.1-10.0.0.10");
  EXPECT_EQ(invented_requesters("255.255.255.255", 10), "255.255.255.245-255.255.255.254");
  EXPECT_EQ(invented_requesters("10.0.255.0-10.1.0.255", 10), "10.0.254.246-10.0.254.255");
  EXPECT_EQ(invented_requesters("10.0.0.1-10.0.255.253", 1), "10.0.255.254");
}

TEST(ArpgenPresets, refuses_to_invent_requesters_where_there_is_no_room) {
  EXPECT_THROW(preset("neighbour-overflow", "10.0.0.0/16", ""), SetupError);
  EXPECT_THROW(preset("neighbour-overflow", "10.0.1.0-10.0.252.255", ""), SetupError);
  EXPECT_NO_THROW(preset("neighbour-overflow", "10.0.0.0/16", "10.1.0.0/24"));
}

TEST(ArpgenPresets, neighbour_overflow_has_more_requesters_than_the_table_has_places) {
  const Spec spec = parse_spec(preset("neighbour-overflow", to, "").at(0));
  EXPECT_GT(spec.from->count, 1024U);
  EXPECT_EQ(spec.requesters, ARPGEN_SEQUENTIAL);
  EXPECT_TRUE(spec.own_macs);
  EXPECT_FALSE(spec.from->overlaps(*spec.to));
}

TEST(ArpgenPresets, junk_has_every_flaw_and_what_is_not_arp) {
  std::set<arpgen_flaw> seen;
  bool other = false;
  for (const auto& text : preset("junk", to, "")) {
    const Spec spec = parse_spec(text);
    seen.insert(spec.flaw);
    other = other || spec.kind == ARPGEN_OTHER;
  }
  for (const auto& flaw : flaws()) EXPECT_TRUE(seen.contains(flaw.flaw)) << flaw.name;
  EXPECT_TRUE(other);
}

TEST(ArpgenPresets, a_conflict_is_another_mac_while_the_requester_goes_on_asking) {
  bool asks = false;
  bool claims = false;
  for (const auto& text : preset("conflict", to, "")) {
    const Spec spec = parse_spec(text);
    asks = asks || (spec.kind == ARPGEN_WHO_HAS && !spec.mac);
    if (spec.kind != ARPGEN_CLAIM) continue;
    claims = true;
    EXPECT_EQ(*spec.mac & 3, 2U) << "locally administered, unicast";
  }
  EXPECT_TRUE(asks && claims);
}

TEST(ArpgenPresets, says_what_is_missing) {
  EXPECT_THROW(preset("flood", to, ""), SetupError);
  EXPECT_THROW(preset("storm", "", ""), SetupError);
}

}  // namespace
}  // namespace arpline::gen
