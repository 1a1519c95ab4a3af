// SPDX-License-Identifier: Apache-2.0
#include "config/limits.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include <set>
#include <string>

#include "base/error.hpp"
#include "control/limits.hpp"
#include "shared/bucket.h"

namespace arpline {
namespace {

constexpr std::uint64_t start = 1000 * ARPL_SECOND_NS;

const LimitSpec& spec(std::string_view name) {
  return *find_limit(name);
}

arpl_budget budget_of(std::string_view name, Rate rate) {
  Limits limits;
  limits.set(spec(name), rate);
  arpl_limits written{};
  limits.write(written);
  return written.*spec(name).budget;
}

// The number of frames that pass at one time, and of those in the second after it.
std::pair<int, int> passed(arpl_budget budget, int at_once, int most_in_a_second) {
  __u64 bucket = 0;
  std::pair<int, int> count;
  for (int i = 0; i < at_once; ++i) count.first += arpl_bucket_take(&bucket, start, budget);
  for (int i = 1; i <= most_in_a_second; ++i) {
    const auto now =
        start + ARPL_SECOND_NS / static_cast<std::uint64_t>(most_in_a_second) * static_cast<std::uint64_t>(i);
    count.second += arpl_bucket_take(&bucket, now, budget);
  }
  return count;
}

std::string refusal(std::string_view name, const std::string& text) {
  try {
    parse_rate(spec(name), text);
  } catch (const SetupError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Limits, have_names_of_their_own_and_words_in_the_map_of_their_own) {
  std::set<std::string_view> names;
  std::set<const arpl_budget*> budgets;
  const arpl_limits map{};
  for (const auto& one : limit_specs()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_TRUE(budgets.insert(&(map.*one.budget)).second) << one.name;
    EXPECT_EQ(find_limit(one.name), &one);
    EXPECT_FALSE(one.what.empty()) << one.name;
    EXPECT_NE(limit_names().find(one.name), std::string::npos);
  }
  EXPECT_EQ(find_limit("to_chidl"), nullptr);
}

TEST(Limits, are_the_documented_defaults_and_of_those_that_drop_only_odd_is_on_unasked) {
  const Limits limits;
  EXPECT_EQ(limits.rate(spec("to_child")), 100U);
  EXPECT_EQ(limits.rate(spec("to_child_trusted")), 50U);
  EXPECT_EQ(limits.rate(spec("ring")), 0U);
  EXPECT_EQ(limits.rate(spec("events")), 100U);
  EXPECT_EQ(limits.rate(spec("own_macs")), 20U);
  EXPECT_EQ(limits.rate(spec("odd")), 20U);
  for (const auto* name : {"reflect_max", "reflect_max_source", "foreign"})
    EXPECT_EQ(limits.rate(spec(name)), std::nullopt) << name;
  for (const auto* name : {"reflect_max", "reflect_max_source", "foreign", "odd"})
    EXPECT_EQ(parse_rate(spec(name), "off"), std::nullopt) << name;
}

TEST(Limits, a_shares_default_is_a_quarter_of_its_whole_rounded_up_and_follows_it) {
  Limits limits;
  EXPECT_EQ(limits.rate(spec("to_child_source")), 25U);
  limits.set(spec("to_child"), 7);
  EXPECT_EQ(limits.rate(spec("to_child_source")), 2U);
  limits.set(spec("to_child"), 1);
  EXPECT_EQ(limits.rate(spec("to_child_source")), 1U) << "a quarter of something is not nothing";
  limits.set(spec("to_child"), 0);
  EXPECT_EQ(limits.rate(spec("to_child_source")), 0U);
  limits.set(spec("ring"), 20000);
  for (const auto* name : {"ring_new", "ring_source", "ring_endpoint"})
    EXPECT_EQ(limits.rate(spec(name)), 5000U) << name;
}

TEST(Limits, a_share_with_a_value_of_its_own_keeps_it_until_it_is_reset) {
  Limits limits;
  limits.set(spec("to_child_source"), 3);
  limits.set(spec("to_child"), 1000);
  EXPECT_EQ(limits.rate(spec("to_child_source")), 3U);
  limits.reset(spec("to_child_source"));
  EXPECT_EQ(limits.rate(spec("to_child_source")), 250U);
  EXPECT_FALSE(limits.is_set(spec("to_child_source")));
}

TEST(Limits, a_budget_lets_its_burst_through_at_once_and_then_its_rate) {
  EXPECT_EQ(passed(budget_of("to_child", 100), 10000, 1000), (std::pair{500, 100}));
  EXPECT_EQ(passed(budget_of("foreign", 100), 10000, 1000), (std::pair{100, 100}));
  EXPECT_EQ(passed(budget_of("foreign", 1), 10000, 1000), (std::pair{1, 1}));
}

TEST(Limits, a_budget_of_zero_lets_nothing_through_and_off_lets_everything) {
  for (const auto* name : {"to_child", "ring", "foreign", "events"})
    EXPECT_EQ(passed(budget_of(name, 0), 100, 100), (std::pair{0, 0})) << name;
  EXPECT_EQ(passed(budget_of("foreign", std::nullopt), 100, 100), (std::pair{100, 100}));
}

TEST(Limits, a_budget_of_the_maximum_lets_a_frame_through_every_nanosecond) {
  const auto budget = budget_of("foreign", kMostPerSecond);
  __u64 bucket = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_TRUE(arpl_bucket_take(&bucket, start + i, budget));
}

TEST(Limits, writing_them_touches_nothing_but_the_budgets) {
  arpl_limits map{};
  map.pair_ttl_ns = 1;
  map.credit_window = 2;
  map.neigh_full_ns = 3;
  map.flags = 4;
  Limits{}.write(map);
  EXPECT_EQ(map.pair_ttl_ns, 1U);
  EXPECT_EQ(map.credit_window, 2U);
  EXPECT_EQ(map.neigh_full_ns, 3U);
  EXPECT_EQ(map.flags, 4U);
}

TEST(Limits, read_from_the_map_they_are_what_was_written) {
  for (const std::uint64_t rate : {0U, 1U, 100U, 20000U, 1000000U, 1000000000U})
    EXPECT_EQ(rate_of(budget_of("to_child", rate)), rate);
  EXPECT_EQ(rate_of(budget_of("foreign", std::nullopt)), std::nullopt);
}

TEST(Limits, are_given_as_numbers_and_off_only_where_that_is_the_default) {
  EXPECT_EQ(parse_rate(spec("to_child"), "0"), 0U);
  EXPECT_EQ(parse_rate(spec("to_child"), "1000000000"), kMostPerSecond);
  EXPECT_EQ(parse_rate(spec("foreign"), "off"), std::nullopt);
  EXPECT_EQ(refusal("to_child", "off"), "to_child: must be 0 to 1000000000 frames a second");
  for (const auto* text : {"", "-1", "1.5", "x", "5 ", "1000000001", "99999999999999999999", "OFF", "1k"})
    EXPECT_EQ(refusal("foreign", text), "foreign: must be \"off\" or 0 to 1000000000 frames a second") << text;
}

TEST(Limits, in_force_keep_what_control_has_seen_meanwhile) {
  Config config;
  config.claims = ClaimsPolicy::drop;
  arpl_limits map{};
  map.neigh_full_ns = 77;
  map.host_awaits = ARPL_AWAITS(5, 7);
  Limits limits;
  limits.set(spec("foreign"), 10);
  put_limits(limits_for(config, limits, {.hidden_tags = false, .fast_path = true, .mac = 9}, map), map);
  EXPECT_EQ(map.neigh_full_ns, 77U);
  EXPECT_EQ(map.host_awaits, ARPL_AWAITS(5, 7));
  EXPECT_EQ(map.parent_mac, 9U);
  EXPECT_EQ(map.pair_ttl_ns, raw(config.pair_ttl));
  EXPECT_EQ(map.flags, ARPL_LIMIT_FAST_PATH | ARPL_LIMIT_CLAIMS_DROP);
  EXPECT_EQ(rate_of(map.foreign), 10U);
  EXPECT_EQ(rate_of(map.to_child), 100U);
  map.egress_seen_ns = 78;
  put_limits(limits_for(config, limits, {.hidden_tags = false, .fast_path = true, .mac = 9}, map), map);
  EXPECT_EQ(map.egress_seen_ns, 78U);
}

// Reads the interval first, then the burst, as the programs do.
TEST(LimitsMap, a_limit_that_begins_or_ends_is_never_a_budget_of_nothing) {
  const Config config;
  arpl_limits map{};
  std::atomic<bool> done = false;
  std::uint64_t torn = 0;
  std::thread reader([&] {
    while (!done) {
      const auto interval = std::atomic_ref<__u64>(map.foreign.interval_ns).load();
      const auto burst = std::atomic_ref<__u64>(map.foreign.burst_ns).load();
      if (interval != 0 && burst < interval) ++torn;
    }
  });
  Limits on;
  on.set(spec("foreign"), 10);
  for (int i = 0; i < 20'000; ++i) put_limits(limits_for(config, i % 2 == 0 ? on : Limits{}, {}, map), map);
  done = true;
  reader.join();
  EXPECT_EQ(torn, 0U);
  EXPECT_EQ(rate_of(map.foreign), Rate{});
}

}  // namespace
}  // namespace arpline
