// SPDX-License-Identifier: Apache-2.0
#include "report/status.hpp"

#include <gtest/gtest.h>

#include <string>

#include "report/table.hpp"

namespace arpline {
namespace {

ParentStatus served() {
  ParentStatus p;
  p.parent = "nic0";
  p.now = 1000 * ARPL_SECOND_NS;
  p.fast_path = "on";
  p.egress = "seen";
  p.pins = "/pins";
  p.verdicts.resize(ARPL_VERDICT_COUNTERS);
  p.other_verdicts.resize(ARPL_OTHER_COUNTERS);
  p.engine_verdicts.resize(ARPL_ENGINE_VERDICTS);
  return p;
}

EndpointStatus endpoint() {
  EndpointStatus e;
  e.slot.word = 0x0100000000a702U;
  return e;
}

TEST(Status, limits_are_numbers_or_null_for_no_limit) {
  auto p = served();
  p.limits = {{"to_child", 100}, {"foreign", std::nullopt}, {"ring", 0}};
  const auto json = to_json(p);
  EXPECT_EQ(json["limits"], nlohmann::json::parse(R"({"foreign": null, "ring": 0, "to_child": 100})"));
}

TEST(Status, every_counter_has_the_name_of_its_place) {
  auto p = served();
  p.verdicts.at(ARPL_reflect) = 1;
  p.verdicts.at(arpl_would_index(ARPL_foreign_limited)) = 2;
  p.other_verdicts.at(ARPL_OTHER_multicast_limited) = 3;
  p.other_verdicts.back() = 4;
  const auto json = to_json(p);
  EXPECT_EQ(json["verdicts"].size(), ARPL_VERDICT_COUNTERS);
  EXPECT_EQ(json["verdicts"]["reflect"], 1);
  EXPECT_EQ(json["verdicts"]["would_foreign_limited"], 2);
  EXPECT_EQ(json["other_verdicts"].size(), ARPL_OTHER_COUNTERS);
  EXPECT_EQ(json["other_verdicts"]["multicast_limited"], 3);
  EXPECT_EQ(json["other_verdicts"]["would_multicast_limited"], 4);
}

TEST(Status, an_endpoint_says_what_the_program_answered_and_whether_it_may) {
  auto p = served();
  p.endpoints = {endpoint(), endpoint()};
  p.endpoints[0].slot.reflected = 5;
  p.endpoints[0].stats.capped = 6;
  p.endpoints[1].slot.ways = ARPL_WAY_SLOW;
  const auto json = to_json(p);
  EXPECT_EQ(json["endpoints"][0]["reflected"], 5);
  EXPECT_EQ(json["endpoints"][0]["capped"], 6);
  EXPECT_EQ(json["endpoints"][0]["fast_path"], true);
  EXPECT_EQ(json["endpoints"][1]["fast_path"], false);
}

std::string text_of(const ParentStatus& p) {
  return to_text({{"parents", nlohmann::json::array({to_json(p)})}});
}

TEST(Status, the_text_says_whether_the_fast_path_is_on_and_what_it_answered) {
  auto p = served();
  p.endpoints = {endpoint()};
  p.endpoints[0].slot.reflected = 12345;
  p.other_verdicts.at(ARPL_OTHER_broadcast_limited) = 7;
  const auto text = text_of(p);
  EXPECT_NE(text.find("fast path on"), std::string::npos) << text;
  EXPECT_NE(text.find("REFLECTED"), std::string::npos) << text;
  EXPECT_NE(text.find("12345"), std::string::npos) << text;
  EXPECT_NE(text.find("not ARP: broadcast_limited 7\n"), std::string::npos) << text;
  p.fast_path = "no_xdp_at_the_other_end";
  EXPECT_NE(text_of(p).find("fast path off"), std::string::npos);
}

TEST(Status, a_table_has_columns_as_wide_as_their_widest_cell_and_no_blanks_at_the_end) {
  EXPECT_EQ(table({{"A", "B"}, {"long", ""}}), "A     B\nlong\n");
}

}  // namespace
}  // namespace arpline
