// SPDX-License-Identifier: Apache-2.0
#include "control/worker_watchdog.hpp"

#include <gtest/gtest.h>

namespace arpline {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

TEST(WorkerWatchdog, BeatsWhileTheNumberChanges) {
  WorkerWatchdog pulse;
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_TRUE(pulse.alive(i, i * second));
}

TEST(WorkerWatchdog, StopsWhenTheNumberStaysTheSame) {
  WorkerWatchdog pulse;
  EXPECT_TRUE(pulse.alive(7, 100 * second));
  EXPECT_TRUE(pulse.alive(7, 100 * second + WorkerWatchdog::kPatienceNs - 1));
  EXPECT_FALSE(pulse.alive(7, 100 * second + WorkerWatchdog::kPatienceNs));
  EXPECT_FALSE(pulse.alive(7, 1000 * second));
}

TEST(WorkerWatchdog, ComesBackWithTheNextNumber) {
  WorkerWatchdog pulse;
  pulse.alive(7, 100 * second);
  EXPECT_FALSE(pulse.alive(7, 200 * second));
  EXPECT_TRUE(pulse.alive(8, 201 * second));
}

TEST(WorkerWatchdog, IsPatientWithAWorkerThatHasNotYetBegun) {
  WorkerWatchdog pulse;
  EXPECT_TRUE(pulse.alive(0, 100 * second));
  EXPECT_FALSE(pulse.alive(0, 100 * second + WorkerWatchdog::kPatienceNs));
}

}  // namespace
}  // namespace arpline
