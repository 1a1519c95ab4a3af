// SPDX-License-Identifier: Apache-2.0
#include "control/worker_watchdog.hpp"

#include <gtest/gtest.h>

namespace arpline {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

TEST(WorkerWatchdog, beats_while_the_number_changes) {
  WorkerWatchdog pulse;
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_TRUE(pulse.alive(i, i * second));
}

TEST(WorkerWatchdog, stops_when_the_number_stays_the_same) {
  WorkerWatchdog pulse;
  EXPECT_TRUE(pulse.alive(7, 100 * second));
  EXPECT_TRUE(pulse.alive(7, 100 * second + WorkerWatchdog::kPatienceNs - 1));
  EXPECT_FALSE(pulse.alive(7, 100 * second + WorkerWatchdog::kPatienceNs));
  EXPECT_FALSE(pulse.alive(7, 1000 * second));
}

TEST(WorkerWatchdog, comes_back_with_the_next_number) {
  WorkerWatchdog pulse;
  pulse.alive(7, 100 * second);
  EXPECT_FALSE(pulse.alive(7, 200 * second));
  EXPECT_TRUE(pulse.alive(8, 201 * second));
}

TEST(WorkerWatchdog, is_patient_with_a_worker_that_has_not_yet_begun) {
  WorkerWatchdog pulse;
  EXPECT_TRUE(pulse.alive(0, 100 * second));
  EXPECT_FALSE(pulse.alive(0, 100 * second + WorkerWatchdog::kPatienceNs));
}

}  // namespace
}  // namespace arpline
