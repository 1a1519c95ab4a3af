// SPDX-License-Identifier: Apache-2.0
// A million frames mutated from the rows, in states mutated from theirs: the loaded program and the engine see
// the same ones in the same order at the same times, and must not differ in anything. ARPLINE_SEED chooses
// others.
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
constexpr std::uint64_t kGroups = 2'000;             // several times as many as there are rows
constexpr std::uint64_t kGroup = kFrames / kGroups;  // frames that meet what those before them have left
constexpr std::uint64_t kSlotsLast = 16;             // frames until a claim is forgotten

std::uint64_t seed() {
  const char* given = std::getenv("ARPLINE_SEED");
  return given != nullptr ? std::stoull(given) : kDefaultSeed;
}

// First the row's own frame, then others.
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
    // Each row once as it is, so that every verdict comes about; then one in four in another state.
    const auto& row = rows[i % rows.size()];
    const auto state = i >= rows.size() && mutator.one_in(4) ? mutator.state() : row.state;
    run_group(ways, mutator, row, state, counted, told);
  }
  EXPECT_EQ(ways.leaked(), 0U) << "frames that the engine neither sent nor gave back";
  EXPECT_EQ(told, (std::set<std::uint16_t>{ARPL_EVENT_CLAIM_FROM_WIRE, ARPL_EVENT_OWN_MAC,
                                           ARPL_EVENT_PROBE_ANSWER, ARPL_EVENT_HOST_ANSWER}));
  for (std::uint32_t counter = 0; counter < counted.size(); ++counter) {
    // In observe the ring admits everything, so that nothing is ever an excess.
    if (counter == arpl_would_index(ARPL_to_child_excess)) continue;
    EXPECT_GT(counted[counter], 0U) << packet::counter_name(counter);
  }
}

}  // namespace
}  // namespace arpline::parity
