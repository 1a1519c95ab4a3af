// SPDX-License-Identifier: Apache-2.0
// The hot way (shared/hot.h): it does what the general way does, and it stays short.
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "packet/bpf_runner.hpp"
#include "packet/check.hpp"
#include "packet/cpp_runner.hpp"
#include "packet/interpreter.hpp"
#include "parity/mutator.hpp"
#include "shared/hot.h"

namespace arpline::packet {
namespace {

State fast(Pair pair) {
  return {.pair = pair,
          .last = true,
          .to_child = pair == Pair::absent ? Budget::spent : Budget::normal,
          .trusted = Budget::normal,
          .ring = Budget::zero,
          .switches = ARPL_LIMIT_FAST_PATH};
}

// With clang 14; to be lowered when a way gets shorter.
constexpr Way kKnown{.instructions = 321, .look_ups = 8, .calls = 1};
constexpr Way kForged{.instructions = 481, .look_ups = 15, .calls = 1};

void expect_no_longer(const State& state, arpl_verdict verdict, const Way& longest) {
  BpfRunner& runner = BpfRunner::shared();
  const Bytes frame = build({});
  runner.install(state);
  EXPECT_EQ(runner.run(frame).outcome.grown,
            (std::vector<Growth>{{.counter = counter_of(verdict, false), .by = 1}}));
  runner.install(state);
  const auto way = runner.way(frame, 0);
  EXPECT_EQ(way.retval, XDP_TX);
  EXPECT_LE(way.instructions, longest.instructions * 11 / 10);
  EXPECT_LE(way.look_ups, longest.look_ups);
  EXPECT_LE(way.calls, longest.calls) << "one for the jiffies, the others cost more than a look-up";
}

TEST(AStormsFrame, of_a_known_requester_takes_no_more_instructions_than_it_did) {
  if (const auto reason = BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  expect_no_longer(fast(Pair::fresh), ARPL_reflect, kKnown);
}

TEST(AStormsFrame, of_a_forged_requester_takes_no_more_instructions_than_it_did) {
  if (const auto reason = BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  expect_no_longer(fast(Pair::absent), ARPL_reflect_new, kForged);
}

template <class T>
bool same(std::span<const T> a, std::span<const T> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

// The first table that differs; NULL: none.
const char* difference(const arpl_tables& a, const arpl_tables& b) {
  if (!same<arpl_slot>(a.slots.first(sibling_slot + 1), b.slots.first(sibling_slot + 1))) return "slots";
  if (!same<arpl_endpoint_stats>(a.stats.first(sibling_slot + 1), b.stats.first(sibling_slot + 1)))
    return "endpoint_stats";
  if (!same<arpl_pair_set>(a.pairs, b.pairs)) return "pairs";
  if (!same<__u64>(a.filter, b.filter)) return "filter";
  if (!same<__u64>(a.heard, b.heard)) return "heard";
  if (!same<__u64>(a.buckets, b.buckets)) return "buckets";
  if (!same<arpl_credit>(a.credit, b.credit)) return "credit";
  if (std::memcmp(a.limits, b.limits, sizeof *a.limits) != 0) return "limits";
  return nullptr;
}

void expect_same(const Outcome& hot, const Outcome& general) {
  EXPECT_EQ(hot.grown, general.grown);
  EXPECT_EQ(hot.output, general.output);
  EXPECT_EQ(hot.frame, general.frame);
  EXPECT_EQ(hot.claimed_slot, general.claimed_slot);
  EXPECT_EQ(hot.credit_taken, general.credit_taken);
  EXPECT_EQ(hot.events.size(), general.events.size());
}

constexpr std::uint64_t kGroups = 4000;  // each with a state of its own
constexpr std::uint64_t kGroup = 50;     // frames

std::uint64_t seed() {
  const char* given = std::getenv("ARPLINE_SEED");
  return given != nullptr ? std::stoull(given) : 16;
}

// The loaded program is held against the general way by AMillionMutatedFrames of tests/parity.
TEST(TheHotWay, does_with_mutated_frames_and_states_what_the_general_way_does) {
  SCOPED_TRACE("ARPLINE_SEED=" + std::to_string(seed()));
  parity::Mutator mutator(seed());
  CppRunner hot;
  CppRunner general;
  general.forbid_the_hot_way();
  std::vector<Row> storms;
  for (const auto pair : {Pair::fresh, Pair::absent}) {
    storms.emplace_back().name = pair == Pair::fresh ? "known" : "forged";
    storms.back().state = fast(pair);
  }
  std::array<std::uint64_t, ARPL_WIRE_VERDICTS> went{};
  for (std::uint64_t i = 0; i < kGroups && !HasFailure(); ++i) {
    // Each row once, then states and frames near a storm's.
    const Row& row = i < rows().size() ? rows()[i] : storms[i % storms.size()];
    const State state = i < rows().size() ? row.state : mutator.near(row.state);
    hot.install(state);
    general.install(state);
    for (std::uint64_t j = 0; j < kGroup && !HasFailure(); ++j) {
      const Bytes frame = j == 0 ? build(row.frame) : mutator.frame(row);
      const std::uint32_t queue = mutator.queue();
      const auto outcome = hot.run(frame, queue);
      expect_same(outcome, general.run(frame, queue));
      if (hot.was_hot()) ++went.at(outcome.grown.at(0).counter);
    }
    EXPECT_STREQ(difference(hot.tables(), general.tables()), nullptr) << "in a state near that of " << row.name;
  }
  EXPECT_GT(went[ARPL_reflect], 4000U);
  EXPECT_GT(went[ARPL_reflect_new], 2000U);
  EXPECT_EQ(went[ARPL_reflect] + went[ARPL_reflect_new], std::accumulate(went.begin(), went.end(), 0UL));
}

}  // namespace
}  // namespace arpline::packet
