// SPDX-License-Identifier: Apache-2.0
#include "report/status.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/announce_policy.hpp"
#include "instant.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace arpline {
namespace {

constexpr Instant kNow = at(1000s);

ParentStatus served() {
  ParentStatus p;
  p.parent = "nic0";
  p.fast_path = "on";
  p.egress = "seen";
  p.pins = "/pins";
  return p;
}

// As the maps have it.
EndpointStatus endpoint(arpl_slot slot = {}, const arpl_endpoint_stats& stats = {}) {
  slot.word |= 0xa70000000002U;
  return endpoint_status({}, {}, slot, stats, kNow);
}

TEST(Status, limits_are_numbers_or_null_for_no_limit) {
  auto p = served();
  p.limits = {{"to_child", 100}, {"foreign", std::nullopt}, {"ring", 0}};
  const auto json = to_json(p);
  EXPECT_EQ(json["limits"], nlohmann::json::parse(R"({"foreign": null, "ring": 0, "to_child": 100})"));
}

TEST(Status, every_counter_has_the_name_of_its_place) {
  std::vector<std::uint64_t> verdicts(ARPL_VERDICT_COUNTERS);
  std::vector<std::uint64_t> others(ARPL_OTHER_COUNTERS);
  verdicts.at(ARPL_reflect) = 1;
  verdicts.at(arpl_would_index(ARPL_foreign_limited)) = 2;
  others.at(ARPL_OTHER_multicast_limited) = 3;
  others.back() = 4;
  auto p = served();
  p.verdicts = wire_counts(verdicts);
  p.other_verdicts = other_counts(others);
  const auto json = to_json(p);
  EXPECT_EQ(json["verdicts"].size(), ARPL_VERDICT_COUNTERS);
  EXPECT_EQ(json["verdicts"]["reflect"], 1);
  EXPECT_EQ(json["verdicts"]["would_foreign_limited"], 2);
  EXPECT_EQ(json["other_verdicts"].size(), ARPL_OTHER_COUNTERS);
  EXPECT_EQ(json["other_verdicts"]["multicast_limited"], 3);
  EXPECT_EQ(json["other_verdicts"]["would_multicast_limited"], 4);
}

// A row that is forgotten anywhere on the way is missing here.
TEST(Status, every_row_of_the_counters_is_in_the_json_under_its_name) {
  auto p = served();
  p.sent.emplace();
  p.endpoints = {endpoint()};
  p.storm.emplace_back();
  p.senders.emplace().emplace_back();
  const auto json = to_json(p);
#define ARPL_EGRESS(name, unit, description) EXPECT_EQ(json["egress_counters"][#name], 0) << #name;
#define ARPL_ENDPOINT(name, unit, description) EXPECT_EQ(json["endpoints"][0][#name], 0) << #name;
#define ARPL_SLOT(name, unit, description) EXPECT_EQ(json["endpoints"][0][#name], 0) << #name;
#define ARPL_SENDER(name, unit, description) EXPECT_EQ(json["senders"][0][#name], 0) << #name;
#define ARPL_STORM(name, unit, description) EXPECT_EQ(json["storm"][0][#name], 0) << #name;
#define ARPL_SENT(name, unit, description) EXPECT_EQ(json["sent"][#name], 0) << #name;
#define ARPL_PARENT(name, unit, description) EXPECT_EQ(json[#name], 0) << #name;
#define ARPL_DRIVER(name, unit, description) EXPECT_TRUE(json.contains(#name)) << #name;
#include "shared/counters.def"
}

TEST(Status, an_endpoint_says_what_the_program_answered_and_whether_it_may) {
  arpl_slot slot{};
  slot.reflected = 5;
  arpl_endpoint_stats stats{};
  stats.requests = 7;
  stats.capped = 6;
  arpl_slot slow{};
  slow.flags = ARPL_FLAG_SLOW;
  auto p = served();
  p.endpoints = {endpoint(slot, stats), endpoint(slow)};
  const auto json = to_json(p);
  EXPECT_EQ(json["endpoints"][0]["reflected"], 5);
  EXPECT_EQ(json["endpoints"][0]["capped"], 6);
  EXPECT_EQ(json["endpoints"][0]["requests"], 12);
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
                                   .since_seconds = 9,
                                   .answered_seconds_ago = 12,
                                   .rtt_ms = 0.25,
                                   .host_reaches = true};
  EXPECT_EQ(to_json(p)["endpoints"][0]["path"], nlohmann::json::parse(R"({"gateway": "10.0.0.1",
    "gateway_mac": "02:00:00:00:00:01", "state": "lost", "since_seconds": 9.0, "answered_seconds_ago": 12.0,
    "rtt_ms": 0.25, "host_reaches_gateway": true, "disputed_by": null, "disputed_seconds_ago": null})"));
  p.endpoints[0].path = PathStatus{.gateway = 0x0100000a, .since_seconds = 0};
  EXPECT_EQ(to_json(p)["endpoints"][0]["path"], nlohmann::json::parse(R"({"gateway": "10.0.0.1",
    "gateway_mac": null, "state": "unknown", "since_seconds": 0.0, "answered_seconds_ago": null,
    "rtt_ms": null, "host_reaches_gateway": null, "disputed_by": null, "disputed_seconds_ago": null})"));
}

TEST(Status, a_conflict_says_whose_it_is_and_what_was_done) {
  const Claims::Claimant claimant{.mac = 0x010000000002U, .first_at = at(1ns), .last_at = kNow, .times = 3};
  auto p = served();
  p.endpoints = {endpoint()};
  auto& e = p.endpoints[0];
  e.claimants = {claimant_status(claimant, ClaimOrigin::proxy, kNow),
                 claimant_status(claimant, ClaimOrigin::elsewhere, kNow)};
  e.conflict = {.gave_up = true, .silent = true, .defended_seconds_ago = 5, .defences = 2};
  const auto json = to_json(p)["endpoints"][0];
  EXPECT_EQ(json["claimants"][0]["party"], "proxy");
  EXPECT_EQ(json["claimants"][1]["party"], "elsewhere");
  EXPECT_EQ(json["conflict"], nlohmann::json::parse(R"({"gave_up": true, "moves_too_often": false,
    "silent": true, "defended_seconds_ago": 5.0, "defences": 2})"));
}

TEST(Status, says_when_it_was_announced_and_what_came_in_that_should_not) {
  arpl_endpoint_stats stats{};
  stats.misdirected = 3;
  stats.misdirected_mac = 0x020000000002U;
  stats.misdirected_at = raw(kNow - 2s);
  stats.misdirected_requester = 0x0900000a;
  auto p = served();
  p.endpoints = {endpoint({}, stats)};
  p.endpoints[0].announced_seconds_ago = 30;
  p.endpoints[0].seen_outside = {.times = 7, .first_seconds_ago = 4, .last_seconds_ago = 1};
  const auto json = to_json(p)["endpoints"][0];
  EXPECT_EQ(json["announced_seconds_ago"], 30.0);
  EXPECT_EQ(json["seen_outside"],
            nlohmann::json::parse(R"({"times": 7, "first_seconds_ago": 4.0, "last_seconds_ago": 1.0})"));
  EXPECT_EQ(json["misdirected"], nlohmann::json::parse(R"({"times": 3, "mac": "02:00:00:00:00:02",
    "requester": "10.0.0.9", "last_seconds_ago": 2.0})"));
}

TEST(Status, a_parent_says_how_it_announces_and_what_it_has_sent) {
  auto p = served();
  p.announce = {
      .on_conflict = std::string{on_conflict_name(OnConflict::once)}, .refresh_seconds = 1.5, .pps = 100};
  p.sent = {.announcements = 4, .defences = 3, .probes = 2, .asked = 1};
  const auto json = to_json(p);
  EXPECT_EQ(json["announce"],
            nlohmann::json::parse(R"({"on_conflict": "once", "refresh_seconds": 1.5, "pps": 100})"));
  EXPECT_EQ(json["sent"],
            nlohmann::json::parse(R"({"announcements": 4, "defences": 3, "probes": 2, "asked": 1})"));
}

TEST(Status, endpoints_stand_by_vlan_and_then_as_people_count_addresses) {
  const auto at = [](std::uint16_t vlan, Ipv4 address) {
    EndpointStatus e;
    e.vlan = vlan;
    e.address = address;
    return e;
  };
  std::vector<EndpointStatus> all{at(7, 0x0100000a), at(0, 0x0001000a), at(0, 0x0200000a)};
  sort_by_address(all);
  EXPECT_EQ(format_ipv4(all[0].address), "10.0.0.2");
  EXPECT_EQ(format_ipv4(all[1].address), "10.0.1.0");
  EXPECT_EQ(all[2].vlan, 7);
}

TEST(Status, a_time_of_zero_is_never_and_one_to_come_is_now) {
  EXPECT_EQ(seconds_ago(kNoTime, kNow), std::nullopt);
  EXPECT_EQ(seconds_ago(kNow + 1ns, kNow), 0);
  EXPECT_EQ(seconds_ago(kNow - 1'234'567'890ns, kNow), 1.234) << "cut to whole milliseconds";
}

TEST(Status, the_worst_reason_not_to_serve_comes_first) {
  arpl_slot slot{};
  EXPECT_EQ(not_served_reason(slot), "withdrawn");
  slot.word = 0xa70000000002U;
  EXPECT_EQ(not_served_reason(slot), "");
  for (const auto& [flag, reason] : {std::pair{ARPL_SLOT_MODE_SOURCE, "mode_source"},
                                     {ARPL_SLOT_FLUX, "flux"},
                                     {ARPL_SLOT_HOST, "host"},
                                     {ARPL_SLOT_DUPLICATE, "duplicate"},
                                     {ARPL_SLOT_HOST_ADDRESS, "host_address"},
                                     {ARPL_SLOT_NOARP, "noarp"},
                                     {ARPL_SLOT_DOWN, "down"}}) {
    slot.word |= flag;
    EXPECT_EQ(not_served_reason(slot), reason);
  }
}

TEST(Status, an_endpoint_is_confirmed_waiting_contested_or_not_served) {
  arpl_slot slot{};
  EXPECT_EQ(endpoint(slot).state, "waiting");
  slot.confirmed_at = raw(kNow);
  EXPECT_EQ(endpoint(slot).state, "confirmed");
  EXPECT_EQ(endpoint(slot).reason, "");
  slot.claimed_at = raw(kNow);
  EXPECT_EQ(endpoint(slot).state, "confirmed");
  EXPECT_EQ(endpoint(slot).reason, "contested");
  slot.word = ARPL_SLOT_FLUX;
  EXPECT_EQ(endpoint(slot).state, "not_served");
  EXPECT_EQ(endpoint(slot).reason, "flux");
}

std::string text_of(const ParentStatus& p) {
  return to_text(StatusAnswer{.parents = {p}});
}

TEST(Status, the_text_says_whether_the_fast_path_is_on_and_what_it_answered) {
  arpl_slot slot{};
  slot.reflected = 12345;
  auto p = served();
  p.endpoints = {endpoint(slot)};
  p.other_verdicts = {{"broadcast_limited", 7}, {"broadcast_passed", 0}};
  const auto text = text_of(p);
  EXPECT_NE(text.find("fast path on"), std::string::npos) << text;
  EXPECT_NE(text.find("REFLECTED"), std::string::npos) << text;
  EXPECT_NE(text.find("12345"), std::string::npos) << text;
  EXPECT_NE(text.find("not ARP: broadcast_limited 7\n"), std::string::npos) << text;
  p.fast_path = "no_xdp_at_the_other_end";
  EXPECT_NE(text_of(p).find("fast path off"), std::string::npos);
}

TEST(Status, the_text_has_columns_for_paths_and_conflicts_where_there_are_any) {
  arpl_slot slot{};
  slot.word = ARPL_SLOT_FLUX;
  auto p = served();
  p.endpoints = {endpoint(), endpoint(slot)};
  EXPECT_EQ(text_of(p).find("PATH"), std::string::npos);
  EXPECT_EQ(text_of(p).find("CONFLICT"), std::string::npos);
  p.endpoints[0].path = PathStatus{.gateway = 0x0100000a, .state = "lost"};
  p.endpoints[1].path = PathStatus{.state = "reachable", .rtt_ms = 0.25};
  p.endpoints[1].probing = true;
  EXPECT_NE(text_of(p).find("lost 10.0.0.1"), std::string::npos) << text_of(p);
  EXPECT_NE(text_of(p).find("flux, probing  reachable 0.25ms"), std::string::npos) << text_of(p);
  EXPECT_EQ(text_of(p).find("CONFLICT"), std::string::npos);
  p.endpoints[0].conflict.defended_seconds_ago = 5;
  p.endpoints[1].conflict.gave_up = true;
  EXPECT_NE(text_of(p).find("defended 5s ago"), std::string::npos) << text_of(p);
  EXPECT_NE(text_of(p).find("given up"), std::string::npos) << text_of(p);
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
