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
  p.endpoints[1].slot.flags = ARPL_FLAG_SLOW;
  const auto json = to_json(p);
  EXPECT_EQ(json["endpoints"][0]["reflected"], 5);
  EXPECT_EQ(json["endpoints"][0]["capped"], 6);
  EXPECT_EQ(json["endpoints"][0]["fast_path"], true);
  EXPECT_EQ(json["endpoints"][1]["fast_path"], false);
}

TEST(Status, what_nobody_knows_of_announcements_and_paths_is_null) {
  auto p = served();
  p.endpoints = {endpoint()};
  const auto json = to_json(p);
  const auto& e = json["endpoints"][0];
  EXPECT_EQ(json["announce"], nullptr);
  EXPECT_EQ(json["sent"], nullptr);
  for (const auto* key : {"announced_seconds_ago", "path", "seen_outside", "misdirected"})
    EXPECT_EQ(e[key], nullptr) << key;
  EXPECT_EQ(e["probing"], false);
  EXPECT_EQ(e["conflict"], nlohmann::json::parse(R"({"gave_up": false, "moves_too_often": false,
    "silent": false, "defended_seconds_ago": null, "defences": 0})"));
}

TEST(Status, a_path_says_where_to_since_when_and_whether_the_host_gets_there) {
  auto p = served();
  p.endpoints = {endpoint()};
  p.endpoints[0].path = PathStatus{.gateway = 0x0100000a,
                                   .gateway_mac = 0x010000000002U,
                                   .state = "lost",
                                   .since = p.now - 9 * ARPL_SECOND_NS,
                                   .answered_at = p.now - 12 * ARPL_SECOND_NS,
                                   .rtt_ns = 250'000,
                                   .host_reaches = true};
  EXPECT_EQ(to_json(p)["endpoints"][0]["path"], nlohmann::json::parse(R"({"gateway": "10.0.0.1",
    "gateway_mac": "02:00:00:00:00:01", "state": "lost", "since_seconds": 9.0, "answered_seconds_ago": 12.0,
    "rtt_ms": 0.25, "host_reaches_gateway": true, "disputed_by": null, "disputed_seconds_ago": null})"));
  p.endpoints[0].path = PathStatus{.gateway = 0x0100000a, .since = p.now};
  EXPECT_EQ(to_json(p)["endpoints"][0]["path"], nlohmann::json::parse(R"({"gateway": "10.0.0.1",
    "gateway_mac": null, "state": "unknown", "since_seconds": 0.0, "answered_seconds_ago": null,
    "rtt_ms": null, "host_reaches_gateway": null, "disputed_by": null, "disputed_seconds_ago": null})"));
}

TEST(Status, a_conflict_says_whose_it_is_and_what_was_done) {
  auto p = served();
  p.endpoints = {endpoint()};
  auto& e = p.endpoints[0];
  e.claimants = {
      {.mac = 0x010000000002U, .first_at = 1, .last_at = p.now, .times = 3, .origin = ClaimOrigin::proxy},
      {.mac = 0x020000000002U, .first_at = 1, .last_at = p.now, .times = 1}};
  e.conflict = {.gave_up = true, .silent = true, .defended_at = p.now - 5 * ARPL_SECOND_NS, .defences = 2};
  const auto json = to_json(p)["endpoints"][0];
  EXPECT_EQ(json["claimants"][0]["party"], "proxy");
  EXPECT_EQ(json["claimants"][1]["party"], "elsewhere");
  EXPECT_EQ(json["conflict"], nlohmann::json::parse(R"({"gave_up": true, "moves_too_often": false,
    "silent": true, "defended_seconds_ago": 5.0, "defences": 2})"));
}

TEST(Status, says_when_it_was_announced_and_what_came_in_that_should_not) {
  auto p = served();
  p.endpoints = {endpoint()};
  auto& e = p.endpoints[0];
  e.announced_at = p.now - 30 * ARPL_SECOND_NS;
  e.seen_outside = {.first_at = p.now - 4 * ARPL_SECOND_NS, .last_at = p.now - ARPL_SECOND_NS, .times = 7};
  e.stats.misdirected = 3;
  e.stats.misdirected_mac = 0x020000000002U;
  e.stats.misdirected_at = p.now - 2 * ARPL_SECOND_NS;
  e.stats.misdirected_requester = 0x0900000a;
  const auto json = to_json(p)["endpoints"][0];
  EXPECT_EQ(json["announced_seconds_ago"], 30.0);
  EXPECT_EQ(json["seen_outside"],
            nlohmann::json::parse(R"({"times": 7, "first_seconds_ago": 4.0, "last_seconds_ago": 1.0})"));
  EXPECT_EQ(json["misdirected"], nlohmann::json::parse(R"({"times": 3, "mac": "02:00:00:00:00:02",
    "requester": "10.0.0.9", "last_seconds_ago": 2.0})"));
}

TEST(Status, a_parent_says_how_it_announces_and_what_it_has_sent) {
  auto p = served();
  p.announce = {.on_conflict = OnConflict::once, .refresh_ns = 1500 * (ARPL_SECOND_NS / 1000), .pps = 100};
  p.sent = {.announcements = 4, .defences = 3, .probes = 2, .asked = 1};
  const auto json = to_json(p);
  EXPECT_EQ(json["announce"],
            nlohmann::json::parse(R"({"on_conflict": "once", "refresh_seconds": 1.5, "pps": 100})"));
  EXPECT_EQ(json["sent"],
            nlohmann::json::parse(R"({"announcements": 4, "defences": 3, "probes": 2, "asked": 1})"));
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

TEST(Status, the_text_has_columns_for_paths_and_conflicts_where_there_are_any) {
  auto p = served();
  p.endpoints = {endpoint(), endpoint()};
  EXPECT_EQ(text_of(p).find("PATH"), std::string::npos);
  EXPECT_EQ(text_of(p).find("CONFLICT"), std::string::npos);
  p.endpoints[0].path = PathStatus{.gateway = 0x0100000a, .state = "lost"};
  p.endpoints[1].path = PathStatus{.state = "reachable", .answered_at = 1, .rtt_ns = 250'000};
  p.endpoints[1].probing = true;
  EXPECT_NE(text_of(p).find("lost 10.0.0.1"), std::string::npos) << text_of(p);
  EXPECT_NE(text_of(p).find("flux, probing  reachable 0.25ms"), std::string::npos) << text_of(p);
  EXPECT_EQ(text_of(p).find("CONFLICT"), std::string::npos);
  p.endpoints[0].conflict.defended_at = p.now - 5 * ARPL_SECOND_NS;
  p.endpoints[1].conflict.gave_up = true;
  EXPECT_NE(text_of(p).find("defended 5s ago"), std::string::npos) << text_of(p);
  EXPECT_NE(text_of(p).find("given up"), std::string::npos) << text_of(p);
}

TEST(Status, the_text_of_another_versions_answer_is_an_error_where_something_is_missing) {
  auto p = served();
  p.endpoints = {endpoint()};
  const nlohmann::json whole = to_json(p);
  for (const auto& [key, value] : whole.items()) {
    auto part = whole;
    part.erase(key);
    try {
      to_text({{"parents", {part}}});
    } catch (const std::exception& error) {
      EXPECT_NE(std::string{error.what()}.find(key), std::string::npos) << error.what();
    }
  }
  EXPECT_ANY_THROW(to_text({{"parents", {nlohmann::json::object()}}}));
  EXPECT_ANY_THROW(to_text({{"parents", {7}}}));
}

TEST(Status, a_table_has_columns_as_wide_as_their_widest_cell_and_no_blanks_at_the_end) {
  EXPECT_EQ(table({{"A", "B"}, {"long", ""}}), "A     B\nlong\n");
}

TEST(Status, a_column_in_which_nobody_has_anything_is_left_out_where_it_may_be) {
  const std::vector<TableRow> rows{{"A", "B", "C"}, {"-", "-", "-"}, {"-", "-", "x"}};
  EXPECT_EQ(without_empty(rows, {"B", "C"}), (std::vector<TableRow>{{"A", "C"}, {"-", "-"}, {"-", "x"}}));
}

}  // namespace
}  // namespace arpline
