// SPDX-License-Identifier: Apache-2.0
#include "protocol/fair_queue.hpp"

#include <gtest/gtest.h>

#include <array>

#include "instant.hpp"

namespace arpline {
namespace {

// Serves the next endpoint and removes it from the queue.
Id take(FairQueue& queue, NetnsKey owner_of_id, Instant at, Instant now) {
  const auto id = queue.due(now);
  EXPECT_TRUE(id.has_value());
  queue.served(owner_of_id);
  queue.erase(owner_of_id, at, id.value_or(0));
  return id.value_or(0);
}

TEST(FairQueue, within_a_namespace_the_endpoint_that_is_due_for_longest_is_next) {
  FairQueue queue;
  queue.put(1, at(30ns), 3);
  queue.put(1, at(10ns), 1);
  queue.put(1, at(20ns), 2);
  EXPECT_EQ(queue.first(), at(10ns));
  EXPECT_EQ(take(queue, 1, at(10ns), at(100ns)), 1U);
  EXPECT_EQ(take(queue, 1, at(20ns), at(100ns)), 2U);
  EXPECT_EQ(take(queue, 1, at(30ns), at(100ns)), 3U);
  EXPECT_TRUE(queue.empty());
}

TEST(FairQueue, a_namespace_does_not_wait_behind_the_long_queue_of_another) {
  FairQueue queue;
  for (Id id = 0; id < 1000; ++id) queue.put(1, at(10ns), id);
  for (int i = 0; i < 100; ++i) take(queue, 1, at(10ns), at(50ns));
  queue.put(2, at(50ns), 5000);
  EXPECT_EQ(queue.due(at(50ns)), 5000U);
}

TEST(FairQueue, namespaces_take_turns) {
  FairQueue queue;
  for (Id id = 0; id < 300; ++id) queue.put(id % 3, instant_from_raw(10 + id), id);
  std::array<int, 3> turns{};
  for (int i = 0; i < 90; ++i) {
    const auto id = queue.due(at(1000ns)).value_or(0);
    ++turns.at(id % 3);
    queue.served(id % 3);
    queue.erase(id % 3, instant_from_raw(10 + id), id);
  }
  EXPECT_EQ(turns, (std::array{30, 30, 30}));
}

TEST(FairQueue, a_served_namespace_does_not_overtake_those_that_wait_for_their_first_turn) {
  FairQueue queue;
  for (Id id = 1; id <= 3; ++id) queue.put(id, at(10ns), id);
  EXPECT_EQ(take(queue, 1, at(10ns), at(20ns)), 1U);
  queue.put(1, at(20ns), 1);
  EXPECT_EQ(take(queue, 2, at(10ns), at(20ns)), 2U);
  EXPECT_EQ(take(queue, 3, at(10ns), at(20ns)), 3U);
  EXPECT_EQ(take(queue, 1, at(20ns), at(20ns)), 1U);
}

TEST(FairQueue, an_endpoint_that_is_not_due_has_no_turn) {
  FairQueue queue;
  queue.put(1, at(100ns), 1);
  queue.put(2, at(50ns), 2);
  EXPECT_FALSE(queue.due(at(49ns)).has_value());
  EXPECT_EQ(take(queue, 2, at(50ns), at(60ns)), 2U);
  EXPECT_FALSE(queue.due(at(60ns)).has_value());
  EXPECT_EQ(queue.first(), at(100ns));
}

TEST(FairQueue, turn_of_a_namespace_whose_next_is_due_later_passes_to_the_others) {
  FairQueue queue;
  queue.put(1, at(10ns), 1);
  queue.put(1, at(90ns), 2);
  queue.put(2, at(20ns), 3);
  EXPECT_EQ(take(queue, 1, at(10ns), at(30ns)), 1U);
  EXPECT_EQ(take(queue, 2, at(20ns), at(30ns)), 3U);
  EXPECT_FALSE(queue.due(at(30ns)).has_value());
  EXPECT_EQ(queue.due(at(90ns)), 2U);
}

}  // namespace
}  // namespace arpline
