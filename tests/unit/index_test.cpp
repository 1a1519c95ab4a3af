// SPDX-License-Identifier: Apache-2.0
// What control writes into `endpoint_index`, looked up as the programs do it.
#include "endpoints/index.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "endpoints/tables.hpp"
#include "shared/hash.h"

namespace arpline {
namespace {

constexpr std::uint64_t factor = 0x0123456789abcdefU;

arpl_endpoint_key key_of(std::uint32_t address, std::uint16_t vlan = 0) {
  return {.address = address, .vlan = vlan, .zero = 0};
}

// So many keys that stand in one set.
std::vector<arpl_endpoint_key> colliding(std::size_t count) {
  const auto set = [](const arpl_endpoint_key& key) {
    return arpl_index_set_of(factor, arpl_index_cell(key.address, key.vlan));
  };
  std::vector<arpl_endpoint_key> keys{key_of(1)};
  for (std::uint32_t address = 2; keys.size() < count; ++address)
    if (set(key_of(address)) == set(keys.front())) keys.push_back(key_of(address));
  return keys;
}

class IndexTest : public testing::Test {
 protected:
  IndexTest() {
    tables_.endpoints = &hash_;
    tables_.index = sets_;
    tables_.filter = {reinterpret_cast<__u64*>(filter_.data()), filter_.size()};
    tables_.keys.factor = factor;
  }

  // As the table does it.
  void put(const arpl_endpoint_key& key, std::uint32_t slot) {
    hash_[key] = {.slot = slot, .prefix_bits = 24, .zero = {}, .dotted = {}};
    index_.put(key, slot);
  }
  void erase(const arpl_endpoint_key& key) {
    index_.erase(key);
    hash_.erase(key);
  }
  // With the filter in front or without it, what is looked up is the same.
  std::uint32_t found(const arpl_endpoint_key& key) {
    const auto slot = arpl_index_find(&tables_, key.address, key.vlan);
    EXPECT_EQ(arpl_index_find_filtered(&tables_, key.address, key.vlan), slot);
    return slot;
  }

  std::vector<arpl_index_set> sets_ = std::vector<arpl_index_set>(ARPL_INDEX_SETS);
  std::vector<std::uint64_t> filter_ = std::vector<std::uint64_t>(ARPL_FILTER_WORDS);
  EndpointHash hash_;
  Index index_{sets_, filter_, factor};
  arpl_tables tables_;
};

TEST_F(IndexTest, what_is_put_is_found_until_it_is_erased) {
  put(key_of(0x0100000a), 5);
  EXPECT_EQ(found(key_of(0x0100000a)), 5U);
  EXPECT_EQ(found(key_of(0x0200000a)), ARPL_NO_SLOT);
  erase(key_of(0x0100000a));
  EXPECT_EQ(found(key_of(0x0100000a)), ARPL_NO_SLOT);
}

TEST_F(IndexTest, the_same_address_in_another_vlan_is_another_endpoint) {
  put(key_of(0x0100000a), 1);
  put(key_of(0x0100000a, 100), 2);
  put(key_of(0x0100000a, 4094), 65535);
  EXPECT_EQ(found(key_of(0x0100000a)), 1U);
  EXPECT_EQ(found(key_of(0x0100000a, 100)), 2U);
  EXPECT_EQ(found(key_of(0x0100000a, 4094)), 65535U);
  EXPECT_EQ(found(key_of(0x0100000a, 101)), ARPL_NO_SLOT);
}

TEST_F(IndexTest, putting_it_again_changes_its_slot_and_takes_no_more_room) {
  for (std::uint32_t slot = 0; slot < 100; ++slot) put(key_of(7), slot);
  hash_.clear();
  EXPECT_EQ(found(key_of(7)), 99U);
  erase(key_of(7));
  EXPECT_EQ(found(key_of(7)), ARPL_NO_SLOT);
}

TEST_F(IndexTest, a_collision_never_hides_another) {
  const auto keys = colliding(3 * ARPL_INDEX_CELLS);
  for (std::uint32_t i = 0; i < keys.size(); ++i) put(keys.at(i), i);
  for (std::uint32_t i = 0; i < keys.size(); ++i) EXPECT_EQ(found(keys.at(i)), i);
  EXPECT_EQ(found(colliding(3 * ARPL_INDEX_CELLS + 1).back()), ARPL_NO_SLOT) << "nobody's, in a full set";
}

TEST_F(IndexTest, a_set_that_is_not_full_is_not_asked_for_in_the_hash) {
  hash_[key_of(7)] = {.slot = 3, .prefix_bits = 24, .zero = {}, .dotted = {}};
  EXPECT_EQ(found(key_of(7)), ARPL_NO_SLOT);
}

TEST_F(IndexTest, erasing_from_a_full_set_hides_none_of_those_that_found_no_room) {
  const auto keys = colliding(ARPL_INDEX_CELLS + 2);
  for (std::uint32_t i = 0; i < keys.size(); ++i) put(keys.at(i), i);
  for (std::uint32_t i = 0; i < ARPL_INDEX_CELLS; ++i) {
    erase(keys.at(i));
    EXPECT_EQ(found(keys.at(i)), ARPL_NO_SLOT);
    for (std::uint32_t other = i + 1; other < keys.size(); ++other) EXPECT_EQ(found(keys.at(other)), other);
  }
  put(keys.front(), 77);
  EXPECT_EQ(found(keys.front()), 77U);
  erase(keys.back());
  EXPECT_EQ(found(keys.back()), ARPL_NO_SLOT);
}

TEST_F(IndexTest, what_is_kept_is_what_is_wanted_of_an_earlier_runs) {
  const auto keys = colliding(ARPL_INDEX_CELLS + 1);
  for (std::uint32_t i = 0; i < keys.size(); ++i) put(keys.at(i), i);
  put(key_of(0x0900000a, 4000), 60000);
  bool seen = false;
  index_.keep([&](const arpl_endpoint_key& key, std::uint32_t slot) {
    seen = seen || (key.address == 0x0900000a && key.vlan == 4000 && slot == 60000);
    return slot % 2 == 0;
  });
  EXPECT_TRUE(seen) << "with its VLAN and its slot";
  EXPECT_EQ(found(key_of(0x0900000a, 4000)), 60000U);
  EXPECT_EQ(found(keys.back()), ARPL_INDEX_CELLS) << "it is in the hash only";
  hash_.clear();
  for (std::uint32_t i = 0; i < ARPL_INDEX_CELLS; ++i)
    EXPECT_EQ(found(keys.at(i)), i % 2 == 0 ? i : ARPL_NO_SLOT);
}

}  // namespace
}  // namespace arpline
