// SPDX-License-Identifier: Apache-2.0
#include "endpoints/backlog.hpp"

#include <gtest/gtest.h>

namespace arpline {
namespace {

arpl_endpoint_key key(std::uint32_t address) {
  return {.address = address, .vlan = 0, .zero = 0};
}

TEST(Backlog, a_namespace_with_thousands_of_keys_does_not_delay_another) {
  Backlog backlog;
  for (std::uint32_t i = 0; i < 5000; ++i) backlog.add(1, key(i));
  backlog.add(2, key(9000));
  backlog.add(3, key(9001));
  std::set<int> seen;
  for (const auto& [nsid, one] : backlog.take(3 * Backlog::kTurn)) seen.insert(nsid);
  EXPECT_EQ(seen, (std::set<int>{1, 2, 3}));
  backlog.add(2, key(9002));
  seen.clear();
  for (const auto& [nsid, one] : backlog.take(2 * Backlog::kTurn)) seen.insert(nsid);
  EXPECT_TRUE(seen.contains(2)) << "the next one is not behind the thousands either";
}

TEST(Backlog, every_key_is_taken_exactly_once) {
  Backlog backlog;
  for (std::uint32_t i = 0; i < 300; ++i) backlog.add(static_cast<int>(i % 7), key(i));
  backlog.add(0, key(0));
  EXPECT_EQ(backlog.size(), 300U);
  std::set<std::uint32_t> taken;
  while (!backlog.empty())
    for (const auto& [nsid, one] : backlog.take(64)) EXPECT_TRUE(taken.insert(one.address).second);
  EXPECT_EQ(taken.size(), 300U);
}

}  // namespace
}  // namespace arpline
