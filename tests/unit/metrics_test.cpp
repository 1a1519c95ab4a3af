// SPDX-License-Identifier: Apache-2.0
#include "report/metrics.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "report/samples.hpp"

namespace arpline {
namespace {

MetricsAnswer answer() {
  MetricsAnswer all{.version = "1.2", .daemon = "nic\x1b", .parent = "eth0"};
  all.daemon_gauges.loop_longest_turn = 0.5;
  all.gauges.lease_age = 0.25;
  all.groups.limit_frames_per_second = {{"foreign", std::nullopt}, {"odd", 20}};
  all.verdicts.wire = {{"ring", 3}};
  all.summaries.found = {.count = 2, .sum = 0.5, .p50 = 0.1};
  all.histograms.path_rtt = histogram_metric({});
  all.driver.reflect_refused = 3;
  all.storm = {{.kind = "broadcast", .ethertype = "ipv4", .per_second = 9}};
  all.endpoints = {
      {.address = 0x0500000a, .vlan = 7, .mac = 0x010203040506, .netns = "a\nb", .interface = "\xff"}};
  all.senders = {{.mac = 0x010203040506}};
  return all;
}

TEST(Metrics, answer_that_is_read_is_the_one_that_was_written) {
  const auto written = to_json(answer());
  EXPECT_EQ(to_json(from_json<MetricsAnswer>(written)), written);
  EXPECT_EQ(from_json<MetricsAnswer>(written).endpoints[0].netns, ForeignText{"a\nb"});
}

TEST(Metrics, answer_of_another_version_is_an_error_that_names_the_field) {
  auto other = to_json(answer());
  other["gauges"].erase("lease_age");
  try {
    from_json<MetricsAnswer>(other);
    ADD_FAILURE() << "it is taken";
  } catch (const AnswerError& error) {
    EXPECT_STREQ(error.what(), "gauges.lease_age is missing");
  }
}

TEST(Metrics, duration_is_in_the_bucket_whose_bound_it_does_not_exceed) {
  DurationHistogram histogram;
  for (const auto bound : DurationHistogram::kBounds) histogram.add(bound);
  histogram.add(DurationHistogram::kBounds.back() + 1ns);
  histogram.add(0s);
  const auto metric = histogram_metric(histogram);
  ASSERT_EQ(metric.counts.size(), metric.bounds.size() + 1);
  EXPECT_EQ(metric.counts.front(), 2U);
  EXPECT_EQ(std::accumulate(metric.counts.begin(), metric.counts.end(), 0U), metric.counts.size() + 1);
  EXPECT_DOUBLE_EQ(metric.bounds.front(), 0.00005);
}

TEST(Metrics, summary_has_the_sum_of_all_and_quantiles_of_the_latest) {
  Samples samples;
  EXPECT_FALSE(samples.summary().p50);
  for (std::size_t i = 0; i < Samples::kMost; ++i) samples.add(1s);
  for (std::size_t i = 0; i < Samples::kMost; ++i) samples.add(500ms);
  const auto summary = samples.summary();
  EXPECT_EQ(summary.count, 2 * Samples::kMost);
  EXPECT_DOUBLE_EQ(summary.sum, 1.5 * Samples::kMost);
  EXPECT_DOUBLE_EQ(summary.p99.value(), 0.5);
}

}  // namespace
}  // namespace arpline
