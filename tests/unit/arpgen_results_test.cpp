// SPDX-License-Identifier: Apache-2.0
#include "arpgen/results.hpp"

#include <gtest/gtest.h>

namespace arpline::gen {
namespace {

StreamResult timed(const std::vector<std::uint64_t>& latencies) {
  StreamResult stream;
  stream.histogram.resize(ARPGEN_BUCKETS);
  for (const auto ns : latencies) {
    ++stream.histogram[arpgen_bucket(ns)];
    ++stream.answers.timed;
    stream.answers.sum_ns += ns;
    stream.answers.max_ns = std::max<std::uint64_t>(stream.answers.max_ns, ns);
    if (stream.answers.min_ns == 0 || ns < stream.answers.min_ns) stream.answers.min_ns = ns;
  }
  return stream;
}

TEST(ArpgenResults, percentiles_are_exact_for_small_values) {
  std::vector<std::uint64_t> latencies;
  for (std::uint64_t ns = 1; ns <= 100; ++ns) latencies.push_back(ns);
  const auto stream = timed(latencies);
  EXPECT_EQ(percentile(stream.histogram, 0.5), 50U);
  EXPECT_EQ(percentile(stream.histogram, 0.99), 99U);
  EXPECT_EQ(percentile(stream.histogram, 1), 100U);
  EXPECT_EQ(percentile(stream.histogram, 0), 1U) << "the smallest one";
}

TEST(ArpgenResults, a_percentile_is_never_too_low_and_at_most_one_64th_too_high) {
  for (const std::uint64_t ns : {1'000UL, 12'345UL, 999'999UL, 123'456'789UL, 30'000'000'000UL}) {
    const auto value = percentile(timed({ns}).histogram, 0.5);
    EXPECT_GE(value, ns);
    EXPECT_LE(value, ns + ns / 64);
    EXPECT_EQ(latency_of(timed({ns})).p50, ns) << "and never above the greatest";
  }
}

TEST(ArpgenResults, rare_outliers_show_in_the_high_percentiles) {
  std::vector<std::uint64_t> latencies(9'990, 1'000);
  latencies.insert(latencies.end(), 10, 1'000'000);
  const Latency latency = latency_of(timed(latencies));
  EXPECT_EQ(latency.timed, 10'000U);
  EXPECT_LE(latency.p99_9, 1'016U);
  EXPECT_EQ(latency.p99_99, 1'000'000U);
  EXPECT_EQ(latency.min, 1'000U);
  EXPECT_EQ(latency.mean, 1'999U);
  EXPECT_EQ(latency.max, 1'000'000U);
}

TEST(ArpgenResults, nothing_timed_is_all_zero) {
  EXPECT_EQ(percentile({}, 0.5), 0U);
  EXPECT_EQ(percentile(std::vector<std::uint64_t>(ARPGEN_BUCKETS), 0.5), 0U);
  EXPECT_EQ(latency_of({}).p99, 0U);
  EXPECT_EQ(latency_of({}).min, 0U);
}

TEST(ArpgenResults, the_total_is_the_sum_of_the_streams) {
  Results results;
  results.streams = {timed({100, 200}), timed({50}), {}};
  results.streams[0].frames = results.streams[0].asked = 10;
  results.streams[0].answers.answered = 4;
  results.streams[0].answers.late = 1;
  results.streams[1].frames = results.streams[1].asked = 5;
  results.streams[1].answers.answered = 5;
  results.streams[1].answers.duplicate = 2;
  results.streams[2].frames = 7;
  const StreamResult sum = total(results);
  EXPECT_EQ(sum.frames, 22U);
  EXPECT_EQ(sum.asked, 15U);
  EXPECT_EQ(sum.answers.answered, 9U);
  EXPECT_EQ(sum.answers.duplicate, 2U);
  EXPECT_EQ(sum.answers.timed, 3U);
  EXPECT_EQ(sum.answers.min_ns, 50U) << "a stream without any has no minimum";
  EXPECT_EQ(sum.answers.max_ns, 200U);
  EXPECT_EQ(latency_of(sum).p50, 100U);
  EXPECT_EQ(unanswered(sum), 5U);
  EXPECT_DOUBLE_EQ(ratio(sum), 0.6);
  EXPECT_EQ(total({}).frames, 0U);
}

TEST(ArpgenResults, unanswered_is_what_neither_came_in_time_nor_late) {
  StreamResult stream{.asked = 100};
  stream.answers.answered = 80;
  stream.answers.late = 15;
  stream.answers.wrong_mac = 3;
  stream.answers.wrong_target = 2;
  stream.answers.broadcast = 1;
  EXPECT_EQ(unanswered(stream), 5U);
  EXPECT_EQ(wrong(stream.answers), 6U);
  stream.answers.late = 40;
  EXPECT_EQ(unanswered(stream), 0U) << "counters are read while they change";
  EXPECT_EQ((AddressResult{.asked = 7, .answered = 5}.unanswered()), 2U);
  EXPECT_EQ((AddressResult{.asked = 5, .answered = 7}.unanswered()), 0U);
  EXPECT_EQ(ratio({}), 0) << "nothing was asked";
}

}  // namespace
}  // namespace arpline::gen
