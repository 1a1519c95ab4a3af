// SPDX-License-Identifier: Apache-2.0
#include "control/neighbour_room.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "instant.hpp"
#include "shared/bucket.h"

namespace arpline {
namespace {

constexpr NeighbourTable kDebian{.entries = 100, .limit = 1024, .soft_limit = 512};
constexpr Duration kSecond = 1s;
constexpr Instant kStart = at(1000 * kSecond);

// The most frames that a flood gets through a budget within 5 s, counted as the program does.
std::uint64_t most_in_5_s(const arpl_budget& budget) {
  std::vector<Duration> passed;
  __u64 bucket = 0;
  std::uint64_t most = 0;
  for (Duration time{}; time < 20 * kSecond; time += kSecond / 2000) {
    if (arpl_bucket_take(&bucket, raw(kStart + time), budget) == 0) continue;
    passed.push_back(time);
    const auto first = std::ranges::upper_bound(passed, time - std::min(time, 5 * kSecond));
    most =
        std::max<std::uint64_t>(most, static_cast<std::uint64_t>(passed.end() - first) + (time < 5 * kSecond));
  }
  return most;
}

arpl_limits defaults() {
  arpl_limits limits{};
  Limits{}.write(limits);
  limits.odd = budget_of(20, 5 * kSecond);
  return limits;
}

std::uint64_t most_of_all(const arpl_limits& limits) {
  return most_in_5_s(limits.to_child) + most_in_5_s(limits.to_child_trusted) + most_in_5_s(limits.odd);
}

TEST(NeighbourRoom, is_what_fits_between_the_kernels_thresholds_but_for_a_quarter) {
  EXPECT_EQ(neighbour_room(kDebian), 384U);
  EXPECT_EQ(neighbour_room({.entries = 0, .limit = 8192, .soft_limit = 4096}), 3072U);
}

TEST(NeighbourRoom, leaves_what_two_cleanings_bring_below_the_limit) {
  EXPECT_EQ(neighbour_room({.entries = 0, .limit = 1024, .soft_limit = 0}), 384U);
}

TEST(NeighbourRoom, is_not_nothing_where_the_thresholds_are_one) {
  EXPECT_EQ(neighbour_room({.entries = 0, .limit = 1024, .soft_limit = 1024}), 96U);
  EXPECT_EQ(neighbour_room({.entries = 0, .limit = 1024, .soft_limit = 4096}), 96U);
}

TEST(NeighbourRoom, the_defaults_ask_for_what_is_saved_up_and_what_comes_in_meanwhile) {
  auto limits = defaults();
  EXPECT_EQ(fit_neighbours(limits, 100'000).asked, 2U * (500 + 250 + 100));
  EXPECT_NEAR(static_cast<double>(most_of_all(defaults())), 1700, 3)
      << "one at the window's edge for each budget";
}

TEST(NeighbourRoom, what_fits_stays_as_it_is) {
  auto limits = defaults();
  const auto fit = fit_neighbours(limits, 1700);
  EXPECT_EQ(fit.factor(), 1.0);
  EXPECT_EQ(explain(fit), "");
  EXPECT_EQ(rate_of(limits.to_child), 100U);
}

TEST(NeighbourRoom, scaled_budgets_of_all_kinds_and_parents_together_stay_within_the_room) {
  for (const std::uint64_t parents : {1, 2, 3, 8, 30}) {
    auto limits = defaults();
    fit_neighbours(limits, neighbour_room(kDebian) / parents);
    EXPECT_LE(most_of_all(limits) * parents, neighbour_room(kDebian)) << parents << " parents";
    EXPECT_GT(most_of_all(limits), 0U) << parents << " parents";
  }
}

TEST(NeighbourRoom, a_source_keeps_its_share_of_a_scaled_budget) {
  auto limits = defaults();
  const auto fit = fit_neighbours(limits, 170);
  EXPECT_DOUBLE_EQ(fit.factor(), 0.1);
  EXPECT_EQ(rate_of(limits.to_child), 10U);
  EXPECT_EQ(limits.to_child_source.interval_ns, raw(kSecond * 10 / 25));
  EXPECT_EQ(limits.to_child.burst_ns, raw(5 * kSecond)) << "50 frames";
  EXPECT_EQ(rate_of(limits.events), 100U) << "makes no neighbour";
}

TEST(NeighbourRoom, a_raised_limit_takes_from_its_own_parent_alone_and_never_beyond_the_room) {
  auto limits = defaults();
  limits.to_child = budget_of(kMostPerSecond, 5 * kSecond);
  const auto fit = fit_neighbours(limits, 192);
  EXPECT_LE(most_of_all(limits), 192U + 3) << "a budget lets one frame through";
  EXPECT_NE(explain(fit).find("room for 192"), std::string::npos) << explain(fit);
}

TEST(NeighbourRoom, a_budget_of_nothing_or_without_limit_is_left_alone) {
  auto limits = defaults();
  limits.to_child = budget_of(0, 5 * kSecond);
  limits.odd = budget_of(std::nullopt, 5 * kSecond);
  EXPECT_EQ(fit_neighbours(limits, 10).asked, 500U);
  EXPECT_EQ(rate_of(limits.to_child), 0U);
  EXPECT_EQ(rate_of(limits.odd), std::nullopt);
}

TEST(NeighbourRoom, without_any_room_nothing_is_let_through) {
  auto limits = defaults();
  fit_neighbours(limits, 0);
  EXPECT_EQ(most_of_all(limits), 0U);
}

struct NeighbourPressureTest : testing::Test {
  bool look(std::uint64_t seconds, NeighbourTable table, std::optional<std::uint64_t> exempt = 0) {
    table.limit = 1024;
    table.soft_limit = 512;
    pressure.look(table, exempt, kStart + seconds * kSecond);
    return pressure.full(kStart + seconds * kSecond);
  }
  NeighbourPressure pressure;
};

// flannel and EVPN install a permanent entry for every node or host of the cluster.
TEST_F(NeighbourPressureTest, permanent_entries_do_not_make_it_full) {
  for (std::uint64_t i = 0; i < 60; ++i) EXPECT_FALSE(look(i, {.entries = 960}, 900));
  EXPECT_FALSE(look(60, {.entries = 1500, .cleanings = 1}, 900)) << "600 that count";
  EXPECT_TRUE(look(61, {.entries = 1830, .cleanings = 1}, 900)) << "930 that count";
}

TEST_F(NeighbourPressureTest, nor_do_those_that_nobody_could_count_as_long_as_the_kernel_need_not_clean_up) {
  for (std::uint64_t i = 0; i < 60; ++i) EXPECT_FALSE(look(i, {.entries = 960}, 0));
}

TEST_F(NeighbourPressureTest, nearly_full_is_nine_tenths_while_the_kernel_cleans_up) {
  look(0, {.entries = 900, .cleanings = 6});
  EXPECT_FALSE(look(1, {.entries = 921, .cleanings = 7}));
  EXPECT_TRUE(look(2, {.entries = 922, .cleanings = 7}));
  EXPECT_EQ(pressure.full_at(), kStart + 2 * kSecond);
  EXPECT_TRUE(look(6, {.entries = 400, .cleanings = 7})) << "a sighting counts for 5 s";
  EXPECT_FALSE(look(7, {.entries = 400, .cleanings = 7}));
}

TEST_F(NeighbourPressureTest, what_the_kernel_refused_says_it_whatever_was_counted) {
  EXPECT_FALSE(look(0, {.entries = 1924, .cleanings = 9, .refused = 3}, std::nullopt)) << "long ago";
  EXPECT_TRUE(look(1, {.entries = 1924, .cleanings = 10, .refused = 4}, std::nullopt));
  EXPECT_FALSE(look(9, {.entries = 1924, .cleanings = 10, .refused = 4}, 1500));
}

}  // namespace
}  // namespace arpline
