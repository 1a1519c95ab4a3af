// SPDX-License-Identifier: Apache-2.0
#include "protocol/fair_queue.hpp"

#include <gtest/gtest.h>

#include <array>

namespace arpline {
namespace {

// Serves the next endpoint and removes it from the queue.
Id take(FairQueue& queue, NetnsKey owner_of_id, std::uint64_t at, std::uint64_t now) {
  const auto id = queue.due(now);
  EXPECT_TRUE(id.has_value());
  queue.served(owner_of_id);
  queue.erase(owner_of_id, at, id.value_or(0));
  return id.value_or(0);
}

TEST(FairQueue, within_an_interface_the_endpoint_that_is_due_for_longest_is_next) {
  FairQueue queue;
  queue.put(1, 30, 3);
  queue.put(1, 10, 1);
  queue.put(1, 20, 2);
  EXPECT_EQ(queue.first(), 10U);
  EXPECT_EQ(take(queue, 1, 10, 100), 1U);
  EXPECT_EQ(take(queue, 1, 20, 100), 2U);
  EXPECT_EQ(take(queue, 1, 30, 100), 3U);
  EXPECT_TRUE(queue.empty());
}

TEST(FairQueue, an_interface_does_not_wait_behind_the_long_queue_of_another) {
  FairQueue queue;
  for (Id id = 0; id < 1000; ++id) queue.put(1, 10, id);
  for (int i = 0; i < 100; ++i) take(queue, 1, 10, 50);
  queue.put(2, 50, 5000);
  EXPECT_EQ(queue.due(50), 5000U);
}

TEST(FairQueue, interfaces_take_turns) {
  FairQueue queue;
  for (Id id = 0; id < 300; ++id) queue.put(id % 3, 10 + id, id);
  std::array<int, 3> turns{};
  for (int i = 0; i < 90; ++i) {
    const auto id = queue.due(1000).value_or(0);
    ++turns.at(id % 3);
    queue.served(id % 3);
    queue.erase(id % 3, 10 + id, id);
  }
  EXPECT_EQ(turns, (std::array{30, 30, 30}));
}

TEST(FairQueue, a_served_interface_does_not_overtake_those_that_wait_for_their_first_turn) {
  FairQueue queue;
  for (Id id = 1; id <= 3; ++id) queue.put(id, 10, id);
  EXPECT_EQ(take(queue, 1, 10, 20), 1U);
  queue.put(1, 20, 1);
  EXPECT_EQ(take(queue, 2, 10, 20), 2U);
  EXPECT_EQ(take(queue, 3, 10, 20), 3U);
  EXPECT_EQ(take(queue, 1, 20, 20), 1U);
}

TEST(FairQueue, an_endpoint_that_is_not_due_has_no_turn) {
  FairQueue queue;
  queue.put(1, 100, 1);
  queue.put(2, 50, 2);
  EXPECT_FALSE(queue.due(49).has_value());
  EXPECT_EQ(take(queue, 2, 50, 60), 2U);
  EXPECT_FALSE(queue.due(60).has_value());
  EXPECT_EQ(queue.first(), 100U);
}

TEST(FairQueue, turn_of_an_interface_whose_next_is_due_later_passes_to_the_others) {
  FairQueue queue;
  queue.put(1, 10, 1);
  queue.put(1, 90, 2);
  queue.put(2, 20, 3);
  EXPECT_EQ(take(queue, 1, 10, 30), 1U);
  EXPECT_EQ(take(queue, 2, 20, 30), 3U);
  EXPECT_FALSE(queue.due(30).has_value());
  EXPECT_EQ(queue.due(90), 2U);
}

}  // namespace
}  // namespace arpline
