// SPDX-License-Identifier: Apache-2.0
// Runs a million frames, mutated from the rows and in mutated states, through the loaded program and through
// the engine, in the same order and at the same times. Nothing may differ. ARPLINE_SEED sets another seed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "packet/check.hpp"
#include "parity/mutator.hpp"
#include "parity/ways.hpp"

namespace arpline::parity {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kFrames = 50'000;
#else
constexpr std::uint64_t kFrames = 1'000'000;
#endif
constexpr std::uint64_t kDefaultSeed = 826;
constexpr std::uint64_t kGroups = 2'000;             // several times the number of rows
constexpr std::uint64_t kGroup = kFrames / kGroups;  // frames from one state onward
constexpr std::uint64_t kSlotsLast = 16;             // frames until a claim is undone

std::uint64_t seed() {
  const char* given = std::getenv("ARPLINE_SEED");
  return given != nullptr ? std::stoull(given) : kDefaultSeed;
}

// Runs the row's own frame first, then mutated ones.
void run_group(Ways& ways, Mutator& mutator, const packet::Row& row, const packet::State& state,
               std::vector<std::uint64_t>& counted, std::set<std::uint16_t>& told) {
  ways.install(state);
  for (std::uint64_t i = 0; i < kGroup && !testing::Test::HasFailure(); ++i) {
    if (i % kSlotsLast == 0) ways.restore_slots();
    const auto frame = i == 0 ? packet::build(row.frame) : mutator.frame(row);
    if (frame.size() < kShortestTestRun) continue;
    const auto queue = i == 0 ? static_cast<std::uint16_t>(row.queue) : mutator.queue();
    const auto both = ways.run(frame, queue);
    EXPECT_EQ(both.program, both.engine) << "near " << row.name << ", " << testing::PrintToString(frame);
    for (const auto& one : both.engine.grown) counted.at(one.counter) += one.by;
    for (const auto& event : both.engine.events) told.insert(event.type);
  }
  EXPECT_STREQ(ways.difference(), nullptr) << "in a state near that of " << row.name;
}

TEST(AMillionMutatedFrames, get_the_same_verdicts_and_bytes_from_the_program_and_the_engine) {
  if (const auto reason = packet::BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  Ways& ways = Ways::shared();
  Mutator mutator(seed());
  SCOPED_TRACE("ARPLINE_SEED=" + std::to_string(seed()));
  std::vector<std::uint64_t> counted(ARPL_VERDICT_COUNTERS);
  std::set<std::uint16_t> told;
  const auto& rows = packet::rows();
  for (std::uint64_t i = 0; i < kGroups && !HasFailure(); ++i) {
    // Each row runs once unchanged, so that every verdict occurs; later one in four has a mutated state.
    const auto& row = rows[i % rows.size()];
    const auto state = i >= rows.size() && mutator.one_in(4) ? mutator.state() : row.state;
    run_group(ways, mutator, row, state, counted, told);
  }
  EXPECT_EQ(ways.leaked(), 0U) << "frames that the engine neither sent nor gave back";
  EXPECT_EQ(told, (std::set<std::uint16_t>{ARPL_EVENT_CLAIM_FROM_WIRE, ARPL_EVENT_OWN_MAC,
                                           ARPL_EVENT_PROBE_ANSWER, ARPL_EVENT_HOST_ANSWER}));
  for (std::uint32_t counter = 0; counter < counted.size(); ++counter) {
    // In observe the ring admits every frame, so this counter can't grow.
    if (counter == arpl_would_index(ARPL_to_child_excess)) continue;
    EXPECT_GT(counted[counter], 0U) << packet::counter_name(counter);
  }
}

}  // namespace
}  // namespace arpline::parity
