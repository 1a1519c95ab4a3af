// SPDX-License-Identifier: Apache-2.0
// Tests that take more than one frame, for the loaded programs and for the C++ build.
#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <set>

#include "packet/bpf_runner.hpp"
#include "packet/check.hpp"
#include "packet/cpp_runner.hpp"

namespace arpline::packet {
namespace {

struct Loaded {
  static BpfRunner& runner() { return BpfRunner::shared(); }
  static Outcome run(const FrameSpec& frame) { return runner().run(build(frame)).outcome; }
  static void egress(const FrameSpec& frame) { runner().run_egress(build(frame)); }
  static void forget_check() { runner().forget_check(endpoint_slot); }
  static std::string reason_to_skip() { return BpfRunner::reason_to_skip(); }
};

struct Cpp {
  static CppRunner& runner() {
    static CppRunner shared;
    return shared;
  }
  static Outcome run(const FrameSpec& frame) { return runner().run(build(frame)); }
  static void egress(const FrameSpec& frame) { runner().run_egress(build(frame)); }
  static void forget_check() { runner().forget_check(endpoint_slot); }
  static std::string reason_to_skip() { return {}; }
};

template <class Way>
class Sequence : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = Way::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  }
  void install(const State& state) { Way::runner().install(state); }
  void expect(const FrameSpec& frame, arpl_verdict verdict) { expect_counted(Way::run(frame), verdict, false); }
  arpl_slot& slot() { return Way::runner().slot(endpoint_slot); }
  // Moves the time of the kernel's unanswered check a second into the past.
  void a_second_passes() { slot().unanswered_at -= seconds; }
};

using Ways = testing::Types<Loaded, Cpp>;
struct WayNames {
  template <class Way>
  static std::string GetName(int) {
    return std::is_same_v<Way, Loaded> ? "loaded" : "cpp";
  }
};
TYPED_TEST_SUITE(Sequence, Ways, WayNames);

FrameSpec who_has_of(Mac requester_mac, Ipv4 requester) {
  return {.eth_src = requester_mac, .sender_mac = requester_mac, .sender_ip = requester};
}

FrameSpec answer_to(Mac requester_mac, Ipv4 requester) {
  return {.eth_dst = requester_mac,
          .eth_src = endpoint_mac,
          .op = 2,
          .sender_mac = endpoint_mac,
          .sender_ip = endpoint_ip,
          .target_mac = requester_mac,
          .target_ip = requester};
}

TYPED_TEST(Sequence, the_kernel_answers_first_and_the_ring_repeats_it) {
  this->install({.confirmed = false});
  this->expect({}, ARPL_to_child_new);
  this->expect({}, ARPL_to_child_new);
  TypeParam::egress(answer_to(peer_mac, peer_ip));
  this->expect({}, ARPL_ring);
  this->expect({.eth_dst = endpoint_mac}, ARPL_ring);
  this->expect(who_has_of(stranger_mac, ip(10, 1, 0, 98)), ARPL_to_child_new);
}

TYPED_TEST(Sequence, one_source_cannot_spend_the_whole_budget) {
  this->install({});
  for (int i = 0; i < 5; ++i) this->expect({}, ARPL_to_child_new);
  this->expect({}, ARPL_ring);
  this->expect(who_has_of(stranger_mac, peer_ip), ARPL_to_child_new);
}

// Another MAC whose share of the TO_CHILD budget is the same token bucket.
Mac colliding_mac(Mac source) {
  for (int i = 0;; ++i) {
    const Mac other = mac(2, 0, 9, i >> 16, i >> 8 & 255, i & 255);
    if (source_index(other, ARPL_SHARE_TO_CHILD) == source_index(source, ARPL_SHARE_TO_CHILD)) return other;
  }
}

TYPED_TEST(Sequence, two_sources_that_meet_in_one_bucket_have_one_share_and_are_both_answered) {
  const FrameSpec other = who_has_of(colliding_mac(peer_mac), peer_ip);
  this->install({.ring = Budget::zero, .switches = ARPL_LIMIT_FAST_PATH});
  for (int i = 0; i < 5; ++i) this->expect(i % 2 == 0 ? FrameSpec{} : other, ARPL_to_child_new);
  for (const FrameSpec& frame : {FrameSpec{}, other}) this->expect(frame, ARPL_reflect_new);
  this->expect(who_has_of(stranger_mac, peer_ip), ARPL_to_child_new);
}

TYPED_TEST(Sequence, all_sources_together_cannot_spend_more_than_the_budget) {
  this->install({.source = Budget::unlimited});
  const auto from = TypeParam::runner().now();
  std::map<std::uint32_t, int> counts;
  for (int i = 0; i < 600; ++i) {
    const Outcome outcome = TypeParam::run(who_has_of(mac(2, 0, 0, 7, i / 256, i % 256), peer_ip));
    ASSERT_EQ(outcome.grown.size(), 1U);
    counts[outcome.grown[0].counter]++;
  }
  const auto refilled = static_cast<int>((TypeParam::runner().now() - from) / to_child_interval) + 1;
  EXPECT_GE(counts[ARPL_to_child_new], 500);
  EXPECT_LE(counts[ARPL_to_child_new], 500 + refilled);
  // The credit window bounds the frames to the ring; the rest passes and is never sent to the child.
  EXPECT_EQ(counts[ARPL_ring], static_cast<int>(credit_window));
  EXPECT_EQ(counts[ARPL_over_budget] + counts[ARPL_ring] + counts[ARPL_to_child_new], 600);
}

TYPED_TEST(Sequence, probes_do_not_use_up_the_budget_of_new_requesters) {
  this->install({});
  for (int i = 0; i < 50; ++i) this->expect({.sender_ip = 0}, ARPL_to_child_probe);
  for (int i = 0; i < 5; ++i) this->expect({}, ARPL_to_child_new);
  this->expect({}, ARPL_ring);
  this->expect({.sender_ip = 0}, ARPL_to_child_probe);
}

TYPED_TEST(Sequence, unicast_and_broadcast_share_one_budget) {
  this->install({});
  for (int i = 0; i < 3; ++i) this->expect({}, ARPL_to_child_new);
  for (int i = 0; i < 2; ++i) this->expect({.eth_dst = endpoint_mac}, ARPL_unicast_new);
  this->expect({.eth_dst = endpoint_mac}, ARPL_ring);
  this->expect({}, ARPL_ring);
}

TYPED_TEST(Sequence, one_sources_odd_frames_leave_room_for_the_next) {
  this->install({.odd = Budget::normal});
  const FrameSpec odd{.bytes = 200};
  FrameSpec other = who_has_of(stranger_mac, ip(10, 1, 0, 98));
  other.bytes = 200;
  this->expect(odd, ARPL_odd);
  this->expect(odd, ARPL_odd_limited);
  this->expect(other, ARPL_odd);
  this->expect(other, ARPL_odd_limited);
}

TYPED_TEST(Sequence, a_pair_is_sampled_once_and_renewed_by_the_answer) {
  this->install({.pair = Pair::half_old});
  this->expect({}, ARPL_to_child_sample);
  this->expect({}, ARPL_ring);
  TypeParam::egress(answer_to(peer_mac, peer_ip));
  const auto word = TypeParam::runner().pair(pair_index(peer_mac, peer_ip, endpoint_ip, 0));
  EXPECT_EQ(word & ARPL_PAIR_SAMPLED, 0U);
  EXPECT_LE(arpl_stamp_age_ns(word, TypeParam::runner().now()), 200 * milliseconds);
}

TYPED_TEST(Sequence, a_kernel_that_answers_no_check_is_silent_after_three_and_recovers_with_its_first_answer) {
  this->install({.confirmed_ago = 31 * seconds,
                 .pair = Pair::half_old,
                 .ring = Budget::zero,
                 .switches = ARPL_LIMIT_FAST_PATH});
  this->expect({}, ARPL_to_child_sample);
  this->expect({}, ARPL_reflect);
  for (unsigned checks = 1; checks <= 3; ++checks) {
    this->a_second_passes();
    TypeParam::forget_check();
    this->expect({}, ARPL_to_child_check);
    EXPECT_EQ(this->slot().unanswered, checks);
    if (checks < 3) this->expect({}, ARPL_reflect);
  }
  EXPECT_EQ(this->slot().confirmed_at, 0U);
  this->expect({}, ARPL_not_served);
  this->a_second_passes();
  TypeParam::forget_check();
  this->expect({}, ARPL_to_child_check);
  this->expect({}, ARPL_not_served);
  TypeParam::egress(answer_to(peer_mac, 0));
  EXPECT_EQ(this->slot().unanswered, 0U);
  this->expect({}, ARPL_reflect);
}

TYPED_TEST(Sequence, what_the_kernel_is_known_not_to_answer_never_makes_it_silent) {
  this->install({.netns = 3, .sibling_netns = 3});
  const FrameSpec martian{.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = sibling_ip};
  for (int i = 0; i < 10; ++i) {
    this->expect(martian, ARPL_odd);
    this->expect({.bytes = 200}, ARPL_odd);
    if (this->slot().unanswered_at != 0) this->a_second_passes();
  }
  EXPECT_EQ(this->slot().unanswered, 0U);
  this->expect({}, ARPL_to_child_new);
}

TYPED_TEST(Sequence, while_egress_is_not_seen_nothing_is_unanswered) {
  this->install({.unanswered = 2, .egress_seen_ago = 3 * seconds});
  for (int i = 0; i < 10; ++i) {
    this->expect(who_has_of(mac(2, 0, 0, 9, 0, i), ip(10, 1, 0, 98)), ARPL_to_child_new);
    this->a_second_passes();
  }
  EXPECT_EQ(this->slot().unanswered, 2U);
}

TYPED_TEST(Sequence, only_checks_count_as_unanswered) {
  this->install({.pair = Pair::fresh, .socket = false});
  for (int i = 0; i < 5; ++i) this->expect({}, ARPL_to_child_excess);
  this->expect({.eth_dst = endpoint_mac, .sender_ip = ip(10, 1, 0, 98)}, ARPL_unicast_new);
  this->expect(who_has_of(stranger_mac, ip(10, 1, 0, 97)), ARPL_to_child_new);
  EXPECT_EQ(this->slot().unanswered, 0U);
  EXPECT_NE(this->slot().unanswered_at, 0U) << "it owes an answer";
}

TYPED_TEST(Sequence, observe_counts_nothing_as_unanswered) {
  this->install({.confirmed = false, .to_child = Budget::spent, .switches = ARPL_LIMIT_OBSERVE});
  expect_counted(TypeParam::run({}), ARPL_to_child_check, true);
  EXPECT_EQ(this->slot().unanswered, 0U);
  EXPECT_EQ(this->slot().unanswered_at, 0U);
}

TYPED_TEST(Sequence, in_observe_what_the_kernel_answers_confirms) {
  this->install({.confirmed = false, .switches = ARPL_LIMIT_OBSERVE});
  expect_counted(TypeParam::run({}), ARPL_to_child_new, true);
  TypeParam::egress(answer_to(peer_mac, peer_ip));
  expect_counted(TypeParam::run({}), ARPL_ring, true);
}

TYPED_TEST(Sequence, a_check_confirms_the_endpoint_and_no_pair) {
  this->install(
      {.confirmed = false, .to_child = Budget::spent, .ring = Budget::zero, .switches = ARPL_LIMIT_FAST_PATH});
  this->expect({}, ARPL_to_child_check);
  this->expect({}, ARPL_over_budget);
  TypeParam::egress(answer_to(peer_mac, 0));
  this->expect({}, ARPL_reflect_new);
  this->expect(who_has_of(stranger_mac, ip(10, 1, 0, 98)), ARPL_reflect_new);
}

TYPED_TEST(Sequence, a_forged_reply_from_inside_confirms_nothing) {
  this->install({.confirmed = false, .to_child = Budget::spent, .checks_spent = true});
  TypeParam::egress(answer_to(peer_mac, peer_ip));
  TypeParam::egress(answer_to(peer_mac, 0));
  this->expect({}, ARPL_over_budget);
  EXPECT_EQ(this->slot().confirmed_at, 0U);
}

TYPED_TEST(Sequence, a_reply_confirms_once) {
  this->install({.confirmed = false});
  this->expect({}, ARPL_to_child_new);
  TypeParam::egress(answer_to(peer_mac, peer_ip));
  this->slot().confirmed_at = 0;
  TypeParam::egress(answer_to(peer_mac, peer_ip));
  EXPECT_EQ(this->slot().confirmed_at, 0U) << "nobody has asked twice";
}

TYPED_TEST(Sequence, another_generation_forgets_every_pair) {
  this->install({.pair = Pair::fresh});
  this->expect({}, ARPL_ring);
  this->slot().generation++;
  this->expect({}, ARPL_to_child_new);
}

TYPED_TEST(Sequence, a_confirmed_pair_is_found_in_the_slot_and_in_the_table) {
  this->install({.confirmed = false, .handed_ago = just_now});
  TypeParam::egress(answer_to(peer_mac, peer_ip));
  const auto in_the_slot = this->slot().last_pair;
  ASSERT_NE(in_the_slot, 0U);
  this->slot().last_pair = 0;
  this->expect({}, ARPL_ring);
  this->install({.to_child = Budget::zero, .socket = false});
  this->expect({}, ARPL_over_budget);
  this->slot().last_pair = in_the_slot;
  this->expect({}, ARPL_to_child_excess);
}

TYPED_TEST(Sequence, in_a_full_set_of_pairs_the_oldest_is_evicted) {
  // Requesters that collide in a pair set collide in a source's share too.
  this->install({.confirmed = false, .source = Budget::unlimited});
  // One requester more than a set holds.
  std::map<std::uint32_t, std::vector<Mac>> sets;
  std::vector<Mac> requesters;
  for (int i = 0; requesters.size() <= ARPL_PAIR_WAYS; ++i) {
    const Mac m = mac(2, 0, 0, i >> 16, i >> 8 & 255, i & 255);
    auto& set = sets[pair_index(m, peer_ip, endpoint_ip, 0)];
    set.push_back(m);
    if (set.size() > ARPL_PAIR_WAYS) requesters = set;
  }
  const auto is_answered = [&](Mac requester) {
    this->expect(who_has_of(requester, peer_ip), ARPL_to_child_new);
    TypeParam::egress(answer_to(requester, peer_ip));
  };
  for (std::size_t i = 0; i < ARPL_PAIR_WAYS; ++i) is_answered(requesters[i]);
  for (std::size_t i = 0; i < ARPL_PAIR_WAYS; ++i) this->expect(who_has_of(requesters[i], peer_ip), ARPL_ring);
  is_answered(requesters.back());
  this->expect(who_has_of(requesters.back(), peer_ip), ARPL_ring);
  for (std::size_t i = 1; i < ARPL_PAIR_WAYS; ++i) this->expect(who_has_of(requesters[i], peer_ip), ARPL_ring);
  this->expect(who_has_of(requesters.front(), peer_ip), ARPL_to_child_new);
}

TYPED_TEST(Sequence, an_answer_to_a_probe_confirms_the_endpoint_but_no_pair) {
  this->install({.confirmed = false, .requester_ip = 0, .to_child = Budget::spent, .checks_spent = true});
  this->expect({}, ARPL_over_budget);
  this->expect({.sender_ip = 0}, ARPL_to_child_probe);
  TypeParam::egress(answer_to(peer_mac, 0));
  this->expect({.sender_ip = 0}, ARPL_to_child_probe);
  this->expect({}, ARPL_ring);
}

TYPED_TEST(Sequence, a_claim_contests_the_address_at_once_and_it_is_answered_for_as_before) {
  const FrameSpec claims[] = {
      {.eth_src = stranger_mac, .op = 2, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
      {.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
      {.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = endpoint_ip, .target_ip = sibling_ip}};
  this->install({.pair = Pair::fresh});
  this->expect({}, ARPL_ring);
  for (const FrameSpec& claim : claims) {
    this->slot().claimed_at = 0;
    TypeParam::run(claim);
    EXPECT_EQ(arpl_slot_contested(&this->slot(), TypeParam::runner().now()), 1);
    EXPECT_EQ(arpl_slot_announceable(&this->slot(), TypeParam::runner().now()), 0);
    this->expect({}, ARPL_ring);
    this->expect(who_has_of(mac(2, 0, 0, 8, 0, 1), ip(10, 1, 0, 98)), ARPL_to_child_new);
  }
}

TYPED_TEST(Sequence, the_ring_gets_no_more_than_the_window) {
  this->install({.pair = Pair::fresh});
  for (std::uint64_t i = 0; i < credit_window; ++i) this->expect({}, ARPL_ring);
  this->expect({}, ARPL_to_child_excess);
}

TYPED_TEST(Sequence, observe_takes_no_credit) {
  this->install({.pair = Pair::fresh, .switches = ARPL_LIMIT_OBSERVE});
  for (std::uint64_t i = 0; i <= credit_window; ++i) {
    const Outcome outcome = TypeParam::run({});
    expect_counted(outcome, ARPL_ring, true);
    EXPECT_EQ(outcome.credit_taken, 0U);
  }
}

// Another CPU, or a program that read the clock later, may have written a time after our `now`.
TEST(TimesAheadOfNow, are_not_an_age) {
  CppRunner runner;
  runner.install({.pair = Pair::fresh, .socket = false});
  arpl_slot& slot = runner.slot(endpoint_slot);
  slot.unanswered_at = runner.now() + 1;
  expect_counted(runner.run(build({})), ARPL_to_child_excess, false);
  EXPECT_EQ(slot.unanswered, 0U) << "one a second, counted by the other CPU";
  slot.confirmed_at = runner.now() + 1;
  EXPECT_EQ(arpl_slot_confirmed(&slot, runner.now()), 1);
  slot.claimed_at = runner.now() + 1;
  EXPECT_EQ(arpl_slot_contested(&slot, runner.now()), 1);
}

TEST(LoadedProgramEvents, of_one_source_are_a_quarter_of_their_budget_and_leave_claims_theirs) {
  if (const auto reason = BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  BpfRunner& runner = BpfRunner::shared();
  runner.install({});
  const Bytes frame = build({.eth_src = endpoint_mac});
  const auto from = runner.now();
  const auto run = runner.run(frame, 0, 5000);
  const auto most = (event_burst + (runner.now() - from)) / (4 * event_interval) + 1;
  EXPECT_GE(run.outcome.events.size(), event_burst / (4 * event_interval));
  EXPECT_LE(run.outcome.events.size(), most);
  EXPECT_EQ(run.outcome.grown, (std::vector<Growth>{{.counter = ARPL_own_mac, .by = 5000}}));
  for (int i = 0; i < 100; ++i)
    runner.run(build({.eth_src = mac(2, 0, 0, 7, 0, i), .sender_mac = endpoint_mac}));
  const Bytes claim =
      build({.eth_src = stranger_mac, .op = 2, .sender_mac = stranger_mac, .sender_ip = endpoint_ip});
  EXPECT_EQ(runner.run(claim).outcome.events.size(), 1U) << "what own MACs use up is not its";
}

TEST(LoadedProgramEvents, tell_of_one_answer_to_a_question) {
  if (const auto reason = BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  BpfRunner& runner = BpfRunner::shared();
  runner.install({.awaits = peer_ip, .host_awaits = peer_ip});
  const auto flood = [&](Mac to) {
    return runner.run(build({.eth_dst = to, .op = 2, .target_mac = to}), 0, 1000).outcome.events;
  };
  EXPECT_EQ(flood(endpoint_mac).size(), 1U);
  EXPECT_EQ(flood(parent_mac).size(), 1U);
  EXPECT_EQ(flood(endpoint_mac).size() + flood(parent_mac).size(), 0U);
}

TEST(ADriverWithoutRoomForMetadata, sends_a_confirmed_pair_to_the_child) {
  if (const auto reason = BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  BpfRunner& runner = BpfRunner::shared();
  runner.install({.pair = Pair::fresh});
  const auto run = runner.run_without_room(build({}));
  expect_counted(run.outcome, ARPL_to_child_excess, false);
  EXPECT_EQ(run.outcome.frame, with_destination(build({}), endpoint_mac));
  EXPECT_EQ(run.outcome.credit_taken, 0U) << "given back";
}

TEST(ADriverWithoutRoomForMetadata, passes_a_new_requester_over_the_budget) {
  if (const auto reason = BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  BpfRunner& runner = BpfRunner::shared();
  runner.install({.to_child = Budget::spent});
  const auto run = runner.run_without_room(build({}));
  expect_counted(run.outcome, ARPL_over_budget, false);
  EXPECT_EQ(run.outcome.frame, build({}));
  EXPECT_EQ(run.outcome.credit_taken, 0U) << "given back";
}

TEST(Rows, cover_every_verdict_and_every_would_twin) {
  std::set<std::uint32_t> covered;
  for (const Row& row : rows())
    if (row.expect.verdict) covered.insert(counter_of(*row.expect.verdict, row.expect.would));
  for (std::uint32_t counter = 0; counter < ARPL_VERDICT_COUNTERS; ++counter) {
    // In observe the ring admits every frame, so this counter can't grow.
    if (counter == arpl_would_index(ARPL_to_child_excess)) continue;
    EXPECT_TRUE(covered.contains(counter)) << counter_name(counter);
  }
}

TEST(Rows, have_names_of_their_own) {
  std::set<std::string> names;
  for (const Row& row : rows()) EXPECT_TRUE(names.insert(row.name).second) << row.name;
  for (const EgressRow& row : egress_rows()) EXPECT_TRUE(names.insert("egress_" + row.name).second) << row.name;
}

TEST(ClockAtZero, decides_and_confirms_like_at_any_other_time) {
  CppRunner runner{0};
  runner.install({.confirmed = false});
  runner.slot(sibling_slot).confirmed_at = 0;
  expect_counted(runner.run(build({})), ARPL_to_child_new, false);
  runner.run_egress(build(answer_to(peer_mac, peer_ip)));
  expect_counted(runner.run(build({})), ARPL_ring, false);
  EXPECT_EQ(runner.slot(endpoint_slot).unanswered, 0U);
}

TEST(ClockAtZero, an_empty_budget_is_empty) {
  CppRunner runner{0};
  runner.install({.confirmed = false, .to_child = Budget::zero});
  expect_counted(runner.run(build({})), ARPL_over_budget, false);
}

TEST(ClockAtZero, the_budget_is_its_burst) {
  CppRunner runner{0};
  runner.install({.confirmed = false});
  for (int i = 0; i < 5; ++i) expect_counted(runner.run(build({})), ARPL_to_child_new, false);
  expect_counted(runner.run(build({})), ARPL_over_budget, false);
}

TEST(ExactTimes, a_lease_ends_at_its_time) {
  CppRunner runner;
  runner.install({.pair = Pair::fresh});
  __u64 lease = runner.now() + 1;
  runner.tables().lease = &lease;
  expect_counted(runner.run(build({})), ARPL_ring, false);
  lease = runner.now();
  expect_counted(runner.run(build({})), ARPL_lease_expired, false);
}

TEST(ExactTimes, a_contest_ends_after_sixty_seconds) {
  CppRunner runner;
  runner.install({.claimed_ago = 60 * seconds - 1});
  EXPECT_EQ(arpl_slot_contested(&runner.slot(endpoint_slot), runner.now()), 1);
  runner.install({.claimed_ago = 60 * seconds});
  EXPECT_EQ(arpl_slot_contested(&runner.slot(endpoint_slot), runner.now()), 0);
}

TEST(ExactTimes, a_pair_ends_within_a_stamp_of_its_time_to_live) {
  CppRunner runner;
  runner.install({.pair = Pair::half_old_sampled});  // answered 31 s ago
  runner.set_now(runner.now() + 29 * seconds - 135 * milliseconds);
  expect_counted(runner.run(build({})), ARPL_ring, false);
  runner.set_now(runner.now() + 270 * milliseconds);
  expect_counted(runner.run(build({})), ARPL_to_child_new, false);
}

// The number of bits set in each part of the filter.
std::vector<int> bits_in_parts(const std::vector<__u64>& filter) {
  std::vector<int> bits(ARPL_FILTER_WORDS / ARPL_FILTER_PART_WORDS);
  for (std::size_t i = 0; i < filter.size(); ++i) bits[i / ARPL_FILTER_PART_WORDS] += std::popcount(filter[i]);
  return bits;
}

TEST(WhatIsHeard, from_the_wire_and_from_containers_has_filter_parts_of_its_own) {
  std::vector<__u64> filter(ARPL_FILTER_WORDS);
  std::vector<__u64> heard(ARPL_HEARD_ENTRIES);
  arpl_tables tables;
  tables.keys = hash_keys;
  tables.filter = filter;
  tables.heard = heard;
  const auto now = 100 * seconds;
  arpl_hear(&tables, ARPL_HEARD_ANSWERED, foreign_ip, 0, now);
  arpl_hear_station(&tables, peer_mac, now);
  arpl_hand(&tables, 0x1234567800000001, now);
  EXPECT_EQ(bits_in_parts(filter), (std::vector<int>{0, 0, 0, 0, 0, 0, 0, 0}))
      << "these are not asked by a flood";
  arpl_hear(&tables, ARPL_HEARD_ASKED, peer_ip, 0, now);
  EXPECT_EQ(bits_in_parts(filter), (std::vector<int>{0, 0, 0, 0, 1, 1, 0, 0}));
  for (int i = 0; i < 200; ++i) arpl_hear(&tables, ARPL_HEARD_ANNOUNCED, ip(10, 2, 0, i), 0, now);
  const auto bits = bits_in_parts(filter);
  EXPECT_EQ(bits[4] + bits[5], 2) << "announcements do not fill the part for what containers have asked";
  EXPECT_GT(bits[6], 190);
  EXPECT_EQ(bits[6], bits[7]);
}

TEST(WhatIsHeard, a_station_is_remembered_by_its_mac) {
  std::vector<__u64> heard(ARPL_HEARD_ENTRIES);
  arpl_tables tables;
  tables.keys = hash_keys;
  tables.heard = heard;
  arpl_hear_station(&tables, peer_mac, 100 * seconds);
  EXPECT_EQ(arpl_was_station(&tables, peer_mac, 109 * seconds, 10 * seconds), 1);
  EXPECT_EQ(arpl_was_station(&tables, peer_mac, 111 * seconds, 10 * seconds), 0);
  EXPECT_EQ(arpl_was_station(&tables, stranger_mac, 100 * seconds, 10 * seconds), 0);
}

TEST(WhatIsHandedOver, is_taken_once_and_not_after_its_time_however_old_it_is) {
  std::vector<__u64> heard(ARPL_HEARD_ENTRIES);
  arpl_tables tables;
  tables.keys = hash_keys;
  tables.heard = heard;
  const __u64 pair = 0x1234567800000001;
  const __u64 day = 86400 * seconds;
  arpl_hand(&tables, pair, day);
  EXPECT_EQ(arpl_take_handed(&tables, pair, day + ARPL_HANDED_NS - seconds / 100), 1);
  EXPECT_EQ(arpl_take_handed(&tables, pair, day + ARPL_HANDED_NS - seconds / 100), 0) << "once";
  for (__u64 days : {1, 10, 24, 26, 30, 40, 49}) {
    arpl_hand(&tables, pair, day);
    EXPECT_EQ(arpl_take_handed(&tables, pair, day + days * day), 0) << days << " days";
  }
  arpl_hand(&tables, pair, day + seconds / 100);
  EXPECT_EQ(arpl_take_handed(&tables, pair, day), 1) << "handed over by a CPU whose clock is a tick ahead";
}

// The verifier's limit is a million instructions; other kernels and compilers may need several times as many as
// here.
TEST(TheVerifier, follows_each_program_with_a_tenth_of_its_limit) {
  if (const auto reason = BpfRunner::reason_to_skip(); !reason.empty()) GTEST_SKIP() << reason;
  for (const auto followed : BpfRunner::shared().verified_instructions()) {
    if (followed == 0) GTEST_SKIP() << "this kernel does not tell";
    EXPECT_LT(followed, 100'000U);
  }
}

TEST(TablesWithoutContents, pass_everything) {
  arpl_tables empty;
  const Bytes frame = build({});
  arpl_arp arp{};
  const arpl_parsed parsed = arpl_parse(frame.data(), frame.data() + frame.size(), &arp);
  arpl_decision decision{};
  arpl_decide(&empty, parsed, &arp, 0, 1, &decision);
  EXPECT_EQ(decision.verdict, ARPL_lease_expired);
  arpl_limits limits{};
  const __u64 lease = 2;
  empty.limits = &limits;
  empty.lease = &lease;
  arpl_decide(&empty, parsed, &arp, 0, 1, &decision);
  EXPECT_EQ(decision.verdict, ARPL_foreign);
  EXPECT_EQ(decision.slot, ARPL_NO_SLOT);
}

TEST(TablesWithAQueueTooMany, send_the_excess_to_the_child) {
  CppRunner runner;
  runner.install({.pair = Pair::fresh});
  runner.tables().sockets = ~0ULL;
  for (const std::uint32_t queue : {ARPL_MAX_QUEUES, ARPL_MAX_QUEUES + 1, ~0U})
    expect_counted(runner.run(build({}), queue), ARPL_to_child_excess, false);
}

}  // namespace
}  // namespace arpline::packet
