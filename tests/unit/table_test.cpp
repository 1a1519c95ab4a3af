// SPDX-License-Identifier: Apache-2.0
#include "endpoints/table.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "instant.hpp"

namespace arpline {
namespace {

class Memory final : public EndpointMap {
 public:
  bool put(const arpl_endpoint_key& key, const arpl_endpoint& value) override {
    if (!refuse) held[key] = value;
    return !refuse;
  }
  void erase(const arpl_endpoint_key& key) override { held.erase(key); }
  std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> all() override { return {held.begin(), held.end()}; }
  std::map<arpl_endpoint_key, arpl_endpoint, KeyLess> held;
  bool refuse = false;
};

Desired wanted(std::uint32_t address, Mac mac, int ifindex = 1) {
  Desired d;
  d.key = {.address = address, .vlan = 0, .zero = 0};
  d.word = mac;
  d.prefix_bits = 24;
  d.settings = Settings{.nsid = 1, .ifindex = ifindex, .arp_ignore = 0, .rp_filter = 0};
  return d;
}

struct TableTest : testing::Test {
  std::vector<arpl_slot> slots = std::vector<arpl_slot>(4);
  std::vector<arpl_endpoint_stats> stats = std::vector<arpl_endpoint_stats>(4);
  std::vector<arpl_index_set> index = std::vector<arpl_index_set>(ARPL_INDEX_SETS);
  std::vector<std::uint64_t> filter = std::vector<std::uint64_t>(ARPL_FILTER_WORDS);
  Memory map;
  Table table{slots, stats, {index, filter, 1}, map};

  arpl_slot& slot_of(std::uint32_t address) { return slots.at(map.held.at({address, 0, 0}).slot); }
};

TEST_F(TableTest, publishes_what_is_wanted_and_reports_it_once) {
  EXPECT_EQ(table.reconcile({wanted(1, 0xa)}).added.size(), 1U);
  EXPECT_EQ(slot_of(1).word, 0xaU);
  EXPECT_TRUE(table.reconcile({wanted(1, 0xa)}).added.empty());
}

TEST_F(TableTest, withdrawing_clears_the_word_and_bumps_the_generation) {
  table.reconcile({wanted(1, 0xa)});
  auto& slot = slot_of(1);
  const auto before = slot.generation;
  const auto changes = table.reconcile({});
  EXPECT_EQ(changes.withdrawn.size(), 1U);
  EXPECT_EQ(slot.word, 0U);
  EXPECT_GT(slot.generation, before);
  EXPECT_TRUE(map.held.empty());
}

TEST_F(TableTest, a_new_mac_unconfirms_the_endpoint_and_its_pairs) {
  table.reconcile({wanted(1, 0xa)});
  auto& slot = slot_of(1);
  slot.confirmed_at = 5;
  const auto before = slot.generation;
  const auto changes = table.reconcile({wanted(1, 0xb)});
  EXPECT_EQ(slot.word, 0xbU);
  EXPECT_EQ(slot.confirmed_at, 0U);
  EXPECT_GT(slot.generation, before);
  EXPECT_EQ(changes.withdrawn.size(), 1U);
  EXPECT_EQ(changes.added.size(), 1U);
}

TEST_F(TableTest, updates_touch_their_keys_only_and_withdraw_first) {
  table.reconcile({wanted(1, 0xa), wanted(2, 0xb), wanted(3, 0xc), wanted(4, 0xd)});
  const std::vector<TableUpdate> updates{{wanted(5, 0xe).key, wanted(5, 0xe)},
                                         {wanted(1, 0xa).key, std::nullopt}};
  const auto changes = table.apply(updates);
  EXPECT_EQ(changes.withdrawn.size(), 1U);
  EXPECT_EQ(changes.added.size(), 1U);
  EXPECT_EQ(changes.refused, 0U) << "the slot that came free is used";
  EXPECT_EQ(slot_of(5).word, 0xeU);
  EXPECT_EQ(slot_of(2).word, 0xbU);
  EXPECT_FALSE(map.held.contains(wanted(1, 0xa).key));
}

TEST_F(TableTest, changed_arp_settings_unconfirm_but_do_not_withdraw) {
  table.reconcile({wanted(1, 0xa, 1)});
  auto& slot = slot_of(1);
  slot.confirmed_at = 5;
  const auto changes = table.reconcile({wanted(1, 0xa, 2)});
  EXPECT_EQ(slot.confirmed_at, 0U);
  EXPECT_EQ(slot.word, 0xaU);
  EXPECT_TRUE(changes.withdrawn.empty());
  EXPECT_EQ(changes.reconfigured.size(), 1U);
}

TEST_F(TableTest, a_claim_by_the_mac_that_the_endpoint_got_is_forgotten_and_another_is_not) {
  table.reconcile({wanted(1, 0xa), wanted(2, 0xc)});
  for (const auto address : {1U, 2U}) {
    slot_of(address).claimed_at = 9;
    stats.at(map.held.at({address, 0, 0}).slot).last_claimant_mac = 0xb;
  }
  table.reconcile({wanted(1, 0xb), wanted(2, 0xd)});
  EXPECT_EQ(slot_of(1).claimed_at, 0U);
  EXPECT_EQ(slot_of(2).claimed_at, 9U);
}

TEST_F(TableTest, a_newcomer_with_the_same_address_changes_neither_slot_nor_generation) {
  table.reconcile({wanted(1, 0xa)});
  auto& slot = slot_of(1);
  slot.confirmed_at = 5;
  const auto before = slot.generation;
  auto both = wanted(1, 0xa);
  both.also_at = "c2/mv0";
  const auto changes = table.reconcile({both});
  EXPECT_EQ(slot.generation, before);
  EXPECT_EQ(slot.confirmed_at, 5U);
  EXPECT_TRUE(changes.withdrawn.empty() && changes.added.empty() && changes.reconfigured.empty());
  ASSERT_EQ(changes.also_at.size(), 1U);
  EXPECT_EQ(changes.also_at[0].desired.also_at, "c2/mv0");
}

TEST_F(TableTest, a_silenced_endpoint_is_not_answered_for_until_its_next_update) {
  table.reconcile({wanted(1, 0xa)});
  auto& slot = slot_of(1);
  const auto before = slot.generation;
  table.silence(wanted(1, 0xa).key, {.nsid = 2, .ifindex = 1});
  EXPECT_EQ(slot.word, 0xaU) << "it is another interface's";
  table.silence(wanted(1, 0xa).key, {.nsid = 1, .ifindex = 1});
  EXPECT_EQ(slot.word, 0U);
  EXPECT_GT(slot.generation, before);
  Table::Changes changes;
  EXPECT_TRUE(table.apply(TableUpdate{wanted(1, 0xa).key, wanted(1, 0xa)}, changes));
  EXPECT_EQ(slot.word, 0xaU);
}

TEST_F(TableTest, the_programs_are_told_whose_namespace_an_endpoint_is_in) {
  table.reconcile({wanted(1, 0xa)});
  const auto& its = stats.at(map.held.at({1, 0, 0}).slot);
  EXPECT_EQ(its.netns, 2U) << "its id and one: 0 is not known";
  auto moved = wanted(1, 0xa);
  moved.settings->nsid = 6;
  table.reconcile({moved});
  EXPECT_EQ(its.netns, 7U);
  moved.settings->nsid = AddressCandidates::kStaticNsid;
  table.reconcile({moved});
  EXPECT_EQ(its.netns, 0U);
}

TEST_F(TableTest, a_freed_slot_is_reused_after_all_other_free_ones) {
  table.reconcile({wanted(1, 0xa)});
  const auto first = map.held.at({1, 0, 0}).slot;
  table.reconcile({});
  table.reconcile({wanted(2, 0xa), wanted(3, 0xb), wanted(4, 0xc)});
  for (const auto& [key, value] : map.held) EXPECT_NE(value.slot, first);
}

TEST_F(TableTest, an_address_that_comes_back_has_a_generation_it_never_had_not_even_after_a_restart) {
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 6; ++i) {
    Table next{slots, stats, {index, filter, 1}, map};
    next.reconcile({wanted(1, 0xa)});
    EXPECT_TRUE(seen.insert(slot_of(1).generation).second);
    next.reconcile({});
  }
}

TEST_F(TableTest, a_full_table_refuses_and_says_so) {
  const auto changes =
      table.reconcile({wanted(1, 0xa), wanted(2, 0xa), wanted(3, 0xa), wanted(4, 0xa), wanted(5, 0xa)});
  EXPECT_EQ(changes.refused, 1U);
  EXPECT_EQ(map.held.size(), 4U);
}

TEST_F(TableTest, an_endpoint_that_the_kernel_refuses_costs_no_slot_and_blocks_no_withdrawal) {
  table.reconcile({wanted(1, 0xa)});
  map.refuse = true;
  const auto changes = table.reconcile({wanted(2, 0xb), wanted(3, 0xc), wanted(4, 0xd)});
  EXPECT_EQ(changes.refused, 3U);
  EXPECT_EQ(changes.withdrawn.size(), 1U);
  map.refuse = false;
  EXPECT_EQ(table.reconcile({wanted(2, 0xb), wanted(3, 0xc), wanted(4, 0xd), wanted(5, 0xe)}).added.size(), 4U);
}

TEST_F(TableTest, an_earlier_runs_endpoints_keep_their_confirmation_and_others_go) {
  map.held[{1, 0, 0}] = {.slot = 2, .prefix_bits = 24, .zero = {}, .dotted = {}};
  map.held[{9, 0, 0}] = {.slot = 3, .prefix_bits = 24, .zero = {}, .dotted = {}};
  slots[2] = {
      .word = 0xa, .generation = 7, .unanswered = 0, .confirmed_at = 5, .unanswered_at = 0, .claimed_at = 0};
  Table next{slots, stats, {index, filter, 1}, map};
  const auto changes = next.reconcile({wanted(1, 0xa)});
  EXPECT_TRUE(changes.added.empty());
  EXPECT_EQ(changes.withdrawn.size(), 1U);
  EXPECT_EQ(slots[2].confirmed_at, 5U);
  EXPECT_EQ(slots[2].generation, 7U);
}

TEST_F(TableTest, pins_that_point_outside_the_table_or_twice_at_a_slot_are_dropped) {
  map.held[{1, 0, 0}] = {.slot = 400, .prefix_bits = 24, .zero = {}, .dotted = {}};
  map.held[{2, 0, 0}] = {.slot = 0, .prefix_bits = 24, .zero = {}, .dotted = {}};
  map.held[{3, 0, 0}] = {.slot = 0, .prefix_bits = 24, .zero = {}, .dotted = {}};
  const Table next{slots, stats, {index, filter, 1}, map};
  EXPECT_EQ(next.entries().size(), 1U);
  EXPECT_EQ(map.held.size(), 1U);
}

}  // namespace
}  // namespace arpline
