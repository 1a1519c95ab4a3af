// SPDX-License-Identifier: Apache-2.0
#include "arpgen/report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace arpline::gen {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::ptrdiff_t lines_of(const std::string& text) {
  return std::ranges::count(text, '\n');
}

StreamResult stream_result(const std::string& name, std::uint64_t asked, std::uint64_t answered) {
  StreamResult stream{.name = name, .frames = asked, .asked = asked};
  stream.histogram.resize(ARPGEN_BUCKETS);
  stream.histogram[arpgen_bucket(20'000)] = answered;
  stream.answers.answered = stream.answers.timed = answered;
  stream.answers.sum_ns = answered * 20'000;
  stream.answers.min_ns = stream.answers.max_ns = answered > 0 ? 20'000 : 0;
  return stream;
}

// 100 addresses; numbers 0 to 14 have 1 to 15 unanswered requests.
Results results_of_a_storm() {
  Results results{.interface = "eth7", .source = "live", .seed = 5, .deadline_ns = 1'000'000'000, .seconds = 2};
  results.streams = {stream_result("who-has to=10.0.0.0-10.0.0.99", 2'000, 1'880)};
  results.streams[0].answers.late = 20;
  for (std::uint32_t i = 0; i < 100; ++i) {
    results.addresses.push_back({.address = 0x0a000000 + i,
                                 .mac = i == 0 ? 0 : 0x0100000a4202U,
                                 .asked = 20,
                                 .answered = i < 15 ? 20 - (i + 1) : 20});
  }
  return results;
}

TEST(ArpgenReport, a_table_shows_what_was_offered_and_answered) {
  const auto text = to_table(results_of_a_storm(), false);
  for (const auto* part : {"eth7 by live, seed 5: 2.00 s, deadline 1000 ms", "94.00 %", "20.0 us", "1.00 k",
                           "p99.99", "who-has to=10.0.0.0-10.0.0.99"})
    EXPECT_TRUE(contains(text, part)) << part << "\n" << text;
  EXPECT_FALSE(contains(text, "wrong\n")) << "nothing was";
}

TEST(ArpgenReport, a_table_shows_the_worst_addresses_first) {
  const auto text = to_table(results_of_a_storm(), false);
  EXPECT_TRUE(contains(text, "15 of 100 targets have unanswered requests")) << text;
  EXPECT_LT(text.find("10.0.0.14 "), text.find("10.0.0.13 "));
  EXPECT_TRUE(contains(text, "10.0.0.5 "));
  EXPECT_FALSE(contains(text, "10.0.0.4 ")) << "the ten worst only";
  EXPECT_TRUE(contains(text, "5 more"));
}

TEST(ArpgenReport, per_address_shows_them_all) {
  const auto text = to_table(results_of_a_storm(), true);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(contains(text, "\n10.0.0." + std::to_string(i) + " ")) << i;
}

TEST(ArpgenReport, a_table_of_several_streams_has_one_row_each) {
  auto results = results_of_a_storm();
  results.streams.push_back({.name = "claim to=10.0.0.1", .frames = 500});
  const auto text = to_table(results, false);
  EXPECT_TRUE(contains(text, "  claim to=10.0.0.1\n"));
  EXPECT_TRUE(contains(text, "  all\n"));
  EXPECT_TRUE(contains(text, "2500")) << text;
}

TEST(ArpgenReport, a_table_names_every_kind_of_wrong_answer_that_came) {
  auto results = results_of_a_storm();
  results.streams[0].answers.wrong_mac = 3;
  results.streams[0].answers.echoed = 2;
  const auto text = to_table(results, false);
  EXPECT_TRUE(contains(text, "3 by another MAC"));
  EXPECT_TRUE(contains(text, "2 requests that came back"));
  EXPECT_FALSE(contains(text, "by broadcast"));
}

TEST(ArpgenReport, a_table_without_requests_has_no_latency) {
  Results results{.interface = "eth7", .source = "live", .seconds = 1};
  results.streams = {{.name = "other", .frames = 500}};
  const auto text = to_table(results, false);
  EXPECT_FALSE(contains(text, "latency"));
  EXPECT_TRUE(contains(text, "500"));
}

TEST(ArpgenReport, a_table_leaves_out_what_was_only_counted) {
  auto results = results_of_a_storm();
  results.streams[0].answers.timed = 0;
  for (auto& address : results.addresses) address.asked = address.answered = 0;
  const auto text = to_table(results, true);
  EXPECT_FALSE(contains(text, "latency")) << text;
  EXPECT_FALSE(contains(text, "10.0.0.5 "));
  EXPECT_TRUE(contains(text, "94.00 %"));
}

TEST(ArpgenReport, json_keeps_its_contract) {
  auto results = results_of_a_storm();
  results.streams[0].answers.duplicate = 7;
  const auto document = to_json(results);
  EXPECT_EQ(document["interface"], "eth7");
  EXPECT_EQ(document["source"], "live");
  EXPECT_EQ(document["seed"], 5);
  EXPECT_EQ(document["deadline_ms"], 1000);
  EXPECT_EQ(document["seconds"], 2.0);
  EXPECT_EQ(document["offered"], (nlohmann::json{{"frames", 2000}, {"per_second", 1000.0}, {"asked", 2000}}));
  const auto& answers = document["answers"];
  EXPECT_EQ(answers["answered"], 1880);
  EXPECT_EQ(answers["per_second"], 940.0);
  EXPECT_EQ(answers["ratio"], 0.94);
  EXPECT_EQ(answers["late"], 20);
  EXPECT_EQ(answers["duplicate"], 7);
  EXPECT_EQ(answers["unanswered"], 100);
  for (const auto* name : {"wrong_mac", "wrong_target", "broadcast", "unasked", "echoed"})
    EXPECT_EQ(answers.at(name), 0) << name;
  for (const auto* name : {"min", "mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"})
    EXPECT_EQ(document["latency_ns"].at(name), 20'000) << name;
  EXPECT_EQ(document["latency_ns"]["timed"], 1880);
}

TEST(ArpgenReport, json_has_every_stream_and_every_address) {
  const auto document = to_json(results_of_a_storm());
  ASSERT_EQ(document["streams"].size(), 1U);
  const auto& stream = document["streams"][0];
  EXPECT_EQ(stream["traffic"], "who-has to=10.0.0.0-10.0.0.99");
  for (const auto* part : {"offered", "answers", "latency_ns"}) EXPECT_EQ(stream.at(part), document.at(part));
  ASSERT_EQ(document["addresses"].size(), 100U);
  EXPECT_EQ(document["addresses"][0], (nlohmann::json{{"address", "10.0.0.0"},
                                                      {"vlan", 0},
                                                      {"mac", nullptr},
                                                      {"asked", 20},
                                                      {"answered", 19},
                                                      {"unanswered", 1}}));
  EXPECT_EQ(document["addresses"][1]["mac"], "02:42:0a:00:00:01");
}

TEST(ArpgenReport, csv_has_a_row_a_stream_and_one_for_all) {
  const auto text = to_csv(results_of_a_storm(), false);
  EXPECT_EQ(lines_of(text), 3);
  std::set<std::ptrdiff_t> columns;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    columns.insert(std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                              text.begin() + static_cast<std::ptrdiff_t>(text.find('\n', at)), ','));
  EXPECT_EQ(columns.size(), 1U) << text;
  EXPECT_TRUE(contains(text, "\n\"who-has to=10.0.0.0-10.0.0.99\",2000,1000,2000,1880,940,0.940000,20,"))
      << text;
  EXPECT_TRUE(contains(text, "\n\"all\",2000,"));
}

TEST(ArpgenReport, csv_per_address_has_a_row_an_address) {
  const auto text = to_csv(results_of_a_storm(), true);
  EXPECT_EQ(lines_of(text), 101);
  EXPECT_TRUE(text.starts_with("address,vlan,mac,asked,answered,unanswered\n10.0.0.0,0,,20,19,1\n")) << text;
}

TEST(ArpgenReport, a_live_line_is_about_its_interval) {
  Results before;
  before.seconds = 1;
  before.streams = {stream_result("x", 1'000'000, 0)};
  Results now;
  now.seconds = 2;
  now.streams = {stream_result("x", 3'000'000, 1'500'000)};
  now.streams[0].answers.late = 7;
  const auto line = live_line(before, now, 1);
  for (const auto* part :
       {"   2 s", "offered 2.00 M/s", "answered 1.50 M/s", "75.00 %", "late 7", "p50 20.", "p99 20."})
    EXPECT_TRUE(contains(line, part)) << part << ": " << line;
  EXPECT_EQ(lines_of(line), 0);
}

TEST(ArpgenReport, a_live_line_fits_whatever_happens) {
  Results now;
  now.seconds = 7'199.9;
  now.streams = {stream_result("x", 199'999'999'999, 99'999'999'999)};
  auto& answers = now.streams[0].answers;
  answers.late = answers.duplicate = answers.wrong_mac = 99'999'999'999;
  EXPECT_LT(live_line({}, now, 1).size(), 110U) << live_line({}, now, 1);
  EXPECT_LT(live_line({}, {}, 1).size(), 110U);
  EXPECT_TRUE(contains(live_line({}, {}, 0), "offered      0/s"));
}

TEST(ArpgenReport, amounts_have_three_digits) {
  EXPECT_EQ(format_amount(0), "0");
  EXPECT_EQ(format_amount(999.4), "999");
  EXPECT_EQ(format_amount(999.6), "1.00 k");
  EXPECT_EQ(format_amount(12'345), "12.3 k");
  EXPECT_EQ(format_amount(999'600), "1.00 M");
  EXPECT_EQ(format_amount(2'940'000), "2.94 M");
  EXPECT_EQ(format_amount(1.5e10), "15.0 G");
  EXPECT_EQ(format_ns(0), "-");
  EXPECT_EQ(format_ns(870), "870 ns");
  EXPECT_EQ(format_ns(12'340), "12.3 us");
  EXPECT_EQ(format_ns(999'960), "1.00 ms");
  EXPECT_EQ(format_ns(2'000'000'000), "2.00 s");
}

TEST(ArpgenReport, a_ratio_is_not_rounded_to_all_or_nothing) {
  EXPECT_EQ(format_ratio(1), "100.00 %");
  EXPECT_EQ(format_ratio(0.999999), "99.99 %");
  EXPECT_EQ(format_ratio(0.000001), "<0.01 %");
  EXPECT_EQ(format_ratio(0), "0.00 %");
  EXPECT_EQ(format_ratio(0.5), "50.00 %");
}

}  // namespace
}  // namespace arpline::gen
