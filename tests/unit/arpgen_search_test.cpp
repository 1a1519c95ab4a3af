// SPDX-License-Identifier: Apache-2.0
#include "arpgen/search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.hpp"

namespace arpline::gen {
namespace {

constexpr double bound = 0.001;

// A source that can offer `most` frames/s and a responder that answers `capacity` of them.
struct Bench {
  double most = 3e6;
  double capacity = 1e6;
  std::vector<double> rates;

  Outcome operator()(double rate) {
    rates.push_back(rate);
    const double offered = rate > 0 ? std::min(rate, most) : most;
    return {offered, offered > capacity ? 1 - capacity / offered : 0};
  }
};

SearchResult search_on(Bench& bench, const SearchBounds& bounds = {}) {
  return search(bounds, [&](double rate) { return bench(rate); });
}

TEST(ArpgenSearch, finds_the_capacity_to_its_resolution) {
  for (const double capacity : {2.9e6, 1e6, 333'333.0, 50'000.0, 4'321.0}) {
    Bench bench{.capacity = capacity};
    const auto result = search_on(bench);
    ASSERT_TRUE(result.best) << capacity;
    EXPECT_LE(result.best->offered, capacity * (1 + 2 * bound));
    EXPECT_GE(result.best->offered, capacity * 0.94);
    EXPECT_LE(result.best->loss, bound);
    EXPECT_EQ(result.limit, Limit::responder);
  }
}

TEST(ArpgenSearch, begins_at_full_speed_or_at_the_highest_rate) {
  Bench bench;
  search_on(bench);
  EXPECT_EQ(bench.rates.at(0), 0) << "full speed";
  EXPECT_EQ(std::ranges::count(bench.rates, 0.0), 1);
  Bench limited;
  search_on(limited, {.max_rate = 2e6});
  EXPECT_EQ(limited.rates.at(0), 2e6);
  for (const double rate : limited.rates) EXPECT_LE(rate, 2e6);
}

TEST(ArpgenSearch, every_pass_is_confirmed_by_a_second_trial) {
  Bench bench;
  const auto result = search_on(bench);
  for (std::size_t i = 0; i < result.trials.size(); ++i) {
    if (!result.trials[i].passed) continue;
    ASSERT_LT(i + 1, result.trials.size());
    EXPECT_EQ(result.trials[i].rate, result.trials[i + 1].rate);
    ++i;
  }
}

TEST(ArpgenSearch, a_pass_that_is_not_confirmed_is_none) {
  int trials = 0;
  // Every first trial at a rate passes by luck, every second one fails above the capacity.
  double last = -1;
  const auto result = search({}, [&](double rate) -> Outcome {
    ++trials;
    const bool second = rate == last;
    last = rate;
    const double offered = rate > 0 ? rate : 3e6;
    return {offered, second && offered > 1e6 ? 0.5 : 0.0};
  });
  ASSERT_TRUE(result.best);
  EXPECT_LE(result.best->offered, 1e6);
  EXPECT_GT(trials, 4);
}

TEST(ArpgenSearch, a_responder_that_answers_everything_is_limited_by_the_source) {
  Bench bench{.capacity = 1e9};
  const auto result = search_on(bench);
  EXPECT_EQ(result.trials.size(), 2U);
  EXPECT_EQ(result.best->offered, 3e6);
  EXPECT_EQ(result.limit, Limit::generator);
}

TEST(ArpgenSearch, a_responder_that_answers_the_highest_rate_is_limited_by_that) {
  Bench bench{.capacity = 1e9};
  const auto result = search_on(bench, {.max_rate = 1e6});
  EXPECT_EQ(result.best->offered, 1e6);
  EXPECT_EQ(result.limit, Limit::max_rate);
  Bench slow{.most = 5e5, .capacity = 1e9};
  EXPECT_EQ(search_on(slow, {.max_rate = 1e6}).limit, Limit::generator) << "it was never offered";
}

TEST(ArpgenSearch, what_was_not_offered_has_not_passed) {
  // At full speed 3 M/s, which fail; paced, the source reaches no more than 1.2 M/s, which pass.
  const auto result = search({}, [](double rate) -> Outcome {
    if (rate == 0) return {3e6, 0.5};
    return {std::min(rate, 1.2e6), 0};
  });
  ASSERT_TRUE(result.best);
  EXPECT_EQ(result.best->offered, 1.2e6);
  EXPECT_EQ(result.limit, Limit::generator);
}

TEST(ArpgenSearch, a_source_that_is_always_a_bit_short_ends_all_the_same) {
  for (const double share : {0.999, 0.99, 0.985, 0.97, 0.9, 0.5}) {
    const auto result = search({}, [share](double rate) -> Outcome {
      const double offered = rate == 0 ? 3e6 : rate * share;
      return {offered, offered > 1e6 ? 0.5 : 0.0};
    });
    ASSERT_TRUE(result.best) << share;
    EXPECT_NE(result.limit, Limit::trials) << share;
    EXPECT_LE(result.best->offered, 1e6);
  }
}

TEST(ArpgenSearch, makes_no_more_trials_than_it_may) {
  Bench bench{.capacity = 3};
  const auto result = search_on(bench, {.max_trials = 7});
  EXPECT_EQ(result.trials.size(), 7U);
  EXPECT_EQ(result.limit, Limit::trials);
  EXPECT_FALSE(result.best);
}

TEST(ArpgenSearch, loss_at_every_rate_finds_nothing) {
  const auto result = search({}, [](double rate) -> Outcome { return {rate == 0 ? 3e6 : rate, 1}; });
  EXPECT_FALSE(result.best);
  EXPECT_LE(result.trials.size(), 32U);
  EXPECT_NE(to_table(result).find("no rate was found"), std::string::npos);
  EXPECT_TRUE(to_json(result)["per_second"].is_null());
}

TEST(ArpgenSearch, a_loss_of_exactly_the_bound_passes) {
  const auto result = search({.loss = 0.01}, [](double) -> Outcome { return {1e6, 0.01}; });
  EXPECT_EQ(result.best->loss, 0.01);
}

TEST(ArpgenSearch, a_trial_that_sends_nothing_is_an_error) {
  EXPECT_THROW(search({}, [](double) -> Outcome { return {0, 0}; }), SetupError);
}

TEST(ArpgenSearch, reports_the_result_and_every_trial) {
  Bench bench;
  const auto result = search_on(bench);
  const auto document = to_json(result);
  EXPECT_EQ(document["loss_bound"], bound);
  EXPECT_EQ(document["limit"], "responder");
  EXPECT_EQ(document["per_second"], result.best->offered);
  EXPECT_EQ(document["trials"].size(), result.trials.size());
  EXPECT_TRUE(document["trials"][0]["wanted_per_second"].is_null());
  EXPECT_EQ(document["trials"][0]["offered_per_second"], 3e6);
  EXPECT_EQ(document["trials"][0]["passed"], false);
  const auto csv = to_csv(result);
  EXPECT_TRUE(csv.starts_with("wanted_per_second,offered_per_second,loss,passed\n,3000000,0.666667,0\n"))
      << csv;
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(csv, '\n')), result.trials.size() + 1);
  const auto table = to_table(result);
  EXPECT_NE(table.find("full"), std::string::npos);
  EXPECT_NE(table.find("at most 0.10 % lost"), std::string::npos) << table;
}

}  // namespace
}  // namespace arpline::gen
