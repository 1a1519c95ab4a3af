// SPDX-License-Identifier: Apache-2.0
// From the daemon's answer to the text that Prometheus reads.
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <regex>
#include <set>
#include <sstream>

#include "exporter/collector.hpp"
#include "exporter/families.hpp"
#include "exporter/listen.hpp"
#include "exporter/series.hpp"

namespace arpline::exporter {
namespace {

std::string text_of(const std::vector<Parent>& parents) {
  return prometheus::TextSerializer{}.Serialize(families_of(parents));
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

template <class Struct>
Struct filled() {
  Struct all;
  auto set = [](const char*, auto& field) { field = 1; };
  fields(set, all);
  return all;
}

// A value for every row of the tables.
MetricsAnswer full_answer() {
  MetricsAnswer answer{.version = "1.2", .daemon = "eth0", .parent = "eth0"};
  answer.daemon_gauges = filled<DaemonGauges>();
  answer.daemon_counters = filled<DaemonCounters>();
  answer.gauges = filled<ParentGauges>();
  auto group = [](const char*, Groups& groups) { groups = {{"one", 1}, {"none", std::nullopt}}; };
  fields(group, answer.groups);
  answer.verdicts = {.wire = {{"ring", 3}, {"would_ring", 4}},
                     .other = {{"broadcast_limited", 5}},
                     .engine = {{"answered", 6}}};
  answer.summaries.found = {.count = 2, .sum = 0.5, .p50 = 0.1, .p99 = 0.4};
  answer.histograms.path_rtt = {.bounds = {0.001, 0.1}, .counts = {1, 2, 3}, .sum = 9};
  answer.egress = filled<EgressCounters>();
  answer.sent = filled<SentCounters>();
  answer.counters = filled<ParentCounters>();
  answer.driver = filled<DriverCounters>();
  answer.storm = {
      {.kind = "broadcast", .ethertype = "ipv4", .per_second = 9, .counters = {.passed = 1, .limited = 2}}};
  answer.endpoints = {{.address = 0x0500000a,
                       .vlan = 7,
                       .mac = 0x010203040506,
                       .netns = "web",
                       .interface = "mv0",
                       .gauges = filled<EndpointGauges>(),
                       .counters = filled<EndpointCounters>()}};
  answer.senders = {{.mac = 0x010203040506, .counters = filled<SenderCounters>()}};
  return answer;
}

std::set<std::string> names_in(const std::string& text, const std::string& pattern) {
  const std::regex name{pattern};
  std::set<std::string> names;
  for (auto at = std::sregex_iterator{text.begin(), text.end(), name}; at != std::sregex_iterator{}; ++at)
    names.insert((*at)[1]);
  return names;
}

TEST(Exporter, has_the_metrics_that_its_page_lists) {
  std::ifstream file{std::string{ARPLINE_TEST_DATA} + "/../../../docs/metrics.md"};
  std::ostringstream page;
  page << file.rdbuf();
  EXPECT_EQ(names_in(text_of({{.name = "eth0", .answer = full_answer()}}), "# HELP (\\w+)"),
            names_in(page.str(), "\n\\| `(arpline_\\w+)` \\|"));
}

TEST(Exporter, without_a_daemon_it_says_that_none_is_up) {
  EXPECT_TRUE(has_line(text_of({}), "arpline_up 0"));
}

TEST(Exporter, one_daemon_that_does_not_answer_is_told_from_the_others) {
  const auto text = text_of({{.name = "eth0", .answer = full_answer()}, {.name = "eth1", .answer = {}}});
  EXPECT_TRUE(has_line(text, "arpline_up 0"));
  EXPECT_TRUE(has_line(text, "arpline_parent_up{parent=\"eth0\"} 1"));
  EXPECT_TRUE(has_line(text, "arpline_parent_up{parent=\"eth1\"} 0"));
  EXPECT_TRUE(has_line(text_of({{.name = "eth0", .answer = full_answer()}}), "arpline_up 1"));
}

TEST(Exporter, a_daemon_of_two_parents_is_counted_once) {
  const auto text =
      text_of({{.name = "eth0", .answer = full_answer()}, {.name = "eth1", .answer = full_answer()}});
  const std::string line = "\narpline_daemon_log_left_out_lines_total{daemon=\"eth0\"} 1\n";
  const auto first = text.find(line);
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find(line, first + 1), std::string::npos);
}

TEST(Exporter, names_follow_the_conventions) {
  EXPECT_EQ(full_name({"lease_age", "seconds", ""}), "arpline_lease_age_seconds");
  EXPECT_EQ(full_name({"egress_seen", "frames", ""}, true), "arpline_egress_seen_frames_total");
  EXPECT_EQ(full_name({"parent_egress_attached_again", "times", ""}, true),
            "arpline_parent_egress_attached_again_total");
}

TEST(Exporter, verdicts_have_their_class_and_a_twin_in_observe_another_one) {
  const auto text = text_of({{.name = "eth0", .answer = full_answer()}});
  EXPECT_TRUE(has_line(text, R"(arpline_wire_frames_total{parent="eth0",class="ring",verdict="ring"} 3)"));
  EXPECT_TRUE(
      has_line(text, R"(arpline_wire_frames_total{parent="eth0",class="would_ring",verdict="would_ring"} 4)"));
  EXPECT_TRUE(has_line(
      text, R"(arpline_other_frames_total{parent="eth0",class="drop",verdict="broadcast_limited"} 5)"));
  EXPECT_TRUE(
      has_line(text, R"(arpline_engine_frames_total{parent="eth0",class="reply",verdict="answered"} 6)"));
}

TEST(Exporter, a_limit_that_is_off_is_infinite_and_an_unknown_value_is_left_out) {
  auto answer = full_answer();
  answer.groups.limit_frames_per_second = {{"foreign", std::nullopt}};
  answer.gauges.announcement_lag.reset();
  answer.driver.reflect_refused.reset();
  const auto text = text_of({{.name = "eth0", .answer = answer}});
  EXPECT_TRUE(has_line(text, R"(arpline_limit_frames_per_second{parent="eth0",limit="foreign"} +Inf)"));
  EXPECT_EQ(text.find("announcement_lag"), std::string::npos);
  EXPECT_EQ(text.find("reflect_refused"), std::string::npos);
}

TEST(Exporter, buckets_of_a_histogram_add_up) {
  const auto text = text_of({{.name = "eth0", .answer = full_answer()}});
  EXPECT_TRUE(has_line(text, R"(arpline_path_rtt_seconds_bucket{parent="eth0",le="0.001"} 1)"));
  EXPECT_TRUE(has_line(text, R"(arpline_path_rtt_seconds_bucket{parent="eth0",le="0.1"} 3)"));
  EXPECT_TRUE(has_line(text, R"(arpline_path_rtt_seconds_bucket{parent="eth0",le="+Inf"} 6)"));
  EXPECT_TRUE(has_line(text, R"(arpline_path_rtt_seconds_count{parent="eth0"} 6)"));
}

// Interfaces and namespaces may be called anything; so may a parent.
TEST(Exporter, no_name_breaks_a_line_or_a_label) {
  for (const std::string name : {"a\"} 1\narpline_up 7\n#", "\\", "\\n", "\xff\xfe\xc0", "\xe2\x80\xae",
                                 "\x1b[2J", "\xed\xbf\xbf", "a\r\nb", "{}=,"}) {
    auto answer = full_answer();
    answer.daemon = answer.parent = answer.endpoints[0].netns = answer.endpoints[0].interface = name;
    const auto plain = text_of({{.name = "eth0", .answer = full_answer()}});
    const auto text = text_of({{.name = name, .answer = answer}});
    EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); })) << text;
    EXPECT_EQ(std::ranges::count(text, '\n'), std::ranges::count(plain, '\n'));
    EXPECT_TRUE(has_line(text, "arpline_up 1")) << text;
  }
}

TEST(Exporter, however_many_scrapes_come_the_daemons_are_asked_once_a_second) {
  int asked = 0;
  std::chrono::steady_clock::time_point now{};
  const Collector collector{[&] {
                              ++asked;
                              return std::vector<Parent>{};
                            },
                            [&] { return now; }};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(collector.Collect().size(), 1U);
  EXPECT_EQ(asked, 1);
  now += Collector::kFresh;
  EXPECT_EQ(collector.Collect().size(), 1U);
  EXPECT_EQ(asked, 2);
}

TEST(Exporter, listens_at_one_address_that_was_written_out) {
  for (const auto* good : {kDefaultListen, "[::1]:1", "0.0.0.0:65535"})
    EXPECT_EQ(refuse_listen(good), "") << good;
  for (const auto* bad : {"10826", ":10826", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "localhost:80",
                          "127.0.0.1:80,0.0.0.0:81", "127.0.0.1:80s", "::1:80", "[::1]", ""})
    EXPECT_NE(refuse_listen(bad), "") << bad;
}

}  // namespace
}  // namespace arpline::exporter
