// SPDX-License-Identifier: Apache-2.0
#include "control/pulse.hpp"

#include <gtest/gtest.h>

namespace arpline {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

TEST(Pulse, BeatsWhileTheNumberChanges) {
  Pulse pulse;
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_TRUE(pulse.alive(i, i * second));
}

TEST(Pulse, StopsWhenTheNumberStaysTheSame) {
  Pulse pulse;
  EXPECT_TRUE(pulse.alive(7, 100 * second));
  EXPECT_TRUE(pulse.alive(7, 100 * second + Pulse::kPatienceNs - 1));
  EXPECT_FALSE(pulse.alive(7, 100 * second + Pulse::kPatienceNs));
  EXPECT_FALSE(pulse.alive(7, 1000 * second));
}

TEST(Pulse, ComesBackWithTheNextNumber) {
  Pulse pulse;
  pulse.alive(7, 100 * second);
  EXPECT_FALSE(pulse.alive(7, 200 * second));
  EXPECT_TRUE(pulse.alive(8, 201 * second));
}

TEST(Pulse, IsPatientWithAWorkerThatHasNotYetBegun) {
  Pulse pulse;
  EXPECT_TRUE(pulse.alive(0, 100 * second));
  EXPECT_FALSE(pulse.alive(0, 100 * second + Pulse::kPatienceNs));
}

}  // namespace
}  // namespace arpline
