// SPDX-License-Identifier: Apache-2.0
#include "control/worker_watchdog.hpp"

#include <gtest/gtest.h>

#include "instant.hpp"

namespace arpline {
namespace {

constexpr Duration second = 1s;

TEST(WorkerWatchdog, beats_while_the_number_changes) {
  WorkerWatchdog pulse;
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_TRUE(pulse.alive(i, at(i * second)));
}

TEST(WorkerWatchdog, stops_when_the_number_stays_the_same) {
  WorkerWatchdog pulse;
  EXPECT_TRUE(pulse.alive(7, at(100 * second)));
  EXPECT_TRUE(pulse.alive(7, at(100 * second + WorkerWatchdog::kPatience - 1ns)));
  EXPECT_FALSE(pulse.alive(7, at(100 * second + WorkerWatchdog::kPatience)));
  EXPECT_FALSE(pulse.alive(7, at(1000 * second)));
}

TEST(WorkerWatchdog, comes_back_with_the_next_number) {
  WorkerWatchdog pulse;
  pulse.alive(7, at(100 * second));
  EXPECT_FALSE(pulse.alive(7, at(200 * second)));
  EXPECT_TRUE(pulse.alive(8, at(201 * second)));
}

TEST(WorkerWatchdog, is_patient_with_a_worker_that_has_not_yet_begun) {
  WorkerWatchdog pulse;
  EXPECT_TRUE(pulse.alive(0, at(100 * second)));
  EXPECT_FALSE(pulse.alive(0, at(100 * second + WorkerWatchdog::kPatience)));
}

}  // namespace
}  // namespace arpline
