// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <iostream>
#include <thread>

#include "sim/options.hpp"
#include "sim/run.hpp"
#include "sim/statistics.hpp"

namespace arpline::sim {
namespace {

// Chosen for some ten seconds of CPU time. Unoptimized builds with sanitizers take thirty times as long.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kSeeds = 150;
#else
constexpr std::uint64_t kSeeds = 6000;
#endif
// Enough seeds that every fault and every property occurs.
constexpr std::uint64_t kMany = 1000;
constexpr std::size_t kTraceLines = 40;
constexpr std::size_t kFailuresShown = 5;

std::string text_of(std::uint64_t seed, const Outcome& outcome) {
  std::string text;
  for (const auto& line : outcome.trace) text += "  " + line + "\n";
  for (const auto& failure : outcome.failures) text += failure + "\n";
  return text + "replay it with: sim_tests --seed " + std::to_string(seed) + " --trace\n";
}

TEST(Seeds, keep_every_property) {
  const auto first = options().from;
  const auto count = options().seeds != 0 ? options().seeds : kSeeds;
  Statistics statistics;
  std::size_t failed = 0;
  for (auto seed = first; seed < first + count; ++seed) {
    const auto scenario = draw(seed);
    const auto outcome = run(scenario, {.trace_lines = kTraceLines});
    statistics.add(scenario, outcome);
    if (outcome.failures.empty()) continue;
    ADD_FAILURE() << text_of(seed, outcome);
    if (++failed == kFailuresShown) break;
  }
  std::cout << "seeds from " << first << ": " << statistics.text();
  if (failed == 0 && count >= kMany)
    for (const auto& one : statistics.missing()) ADD_FAILURE() << one << " never occurred";
}

TEST(Seeds, the_same_seed_is_the_same_run) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto first = run(draw(seed));
    const auto second = run(draw(seed));
    EXPECT_EQ(first.hash, second.hash) << "seed " << seed;
    EXPECT_NE(first.hash, run(draw(seed + 1)).hash);
  }
}

}  // namespace
}  // namespace arpline::sim
