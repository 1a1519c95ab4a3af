// SPDX-License-Identifier: Apache-2.0
#include "protocol/address_prober.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "instant.hpp"
#include "protocol/timing.hpp"

namespace arpline {
namespace {

constexpr Duration kMs = 1ms;

struct Probed {
  std::vector<std::uint64_t> probes;
  Instant free_at = kNoTime;
};

class AddressProberTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  // Runs from time 0 until no work is left.
  Probed run(ProbeMode mode) {
    prober_.set_mode(mode);
    Probed probed;
    EXPECT_TRUE(prober_.start(0, at(0s), rng_));
    for (Instant now = kNoTime; now != kNever;) {
      std::vector<Id> free;
      const auto send = [&](Id) {
        probed.probes.push_back(raw(now));
        return true;
      };
      const auto wake = prober_.tick(now, rng_, pace_, send, free);
      if (!free.empty()) probed.free_at = now;
      now = wake;
    }
    return probed;
  }

  static void expect_times(const Probed& probed, std::uint64_t divisor) {
    using namespace rfc5227;
    ASSERT_EQ(probed.probes.size(), kProbeNum);
    EXPECT_LE(probed.probes[0], raw(kProbeWait / divisor));
    for (std::size_t i = 1; i < kProbeNum; ++i) {
      const auto gap = probed.probes[i] - probed.probes[i - 1];
      EXPECT_GE(gap, raw(kProbeMin / divisor));
      EXPECT_LE(gap, raw(kProbeMax / divisor));
    }
    EXPECT_EQ(probed.free_at - instant_from_raw(probed.probes.back()), kAnnounceWait / divisor);
  }

  Rng rng_{GetParam()};
  AddressProber prober_;
  RateLimiter pace_{1000};
};

TEST_P(AddressProberTest, three_probes_at_the_rfcs_times_and_free_after_announce_wait) {
  expect_times(run(ProbeMode::rfc5227), 1);
}

TEST_P(AddressProberTest, fast_takes_a_twentieth_of_the_rfcs_times) {
  const auto probed = run(ProbeMode::fast);
  expect_times(probed, AddressProber::kFastDivisor);
  EXPECT_LE(probed.free_at, at(350 * kMs));
}

INSTANTIATE_TEST_SUITE_P(Seeds, AddressProberTest, testing::Range<std::uint64_t>(1, 20));

TEST(AddressProber, with_probing_off_there_is_nothing_to_wait_for) {
  Rng rng{1};
  AddressProber prober;
  EXPECT_FALSE(prober.start(0, at(0s), rng));
  EXPECT_FALSE(prober.probes(0));
}

TEST(AddressProber, a_stopped_endpoint_is_neither_probed_for_nor_reported_free) {
  Rng rng{1};
  RateLimiter pace{1000};
  AddressProber prober;
  prober.set_mode(ProbeMode::fast);
  prober.start(0, at(0s), rng);
  prober.stop(0);
  std::vector<Id> free;
  EXPECT_EQ(prober.tick(
                at(1000 * kMs), rng, pace, [](Id) { return true; }, free),
            kNever);
  EXPECT_TRUE(free.empty());
}

TEST(AddressProber, the_rate_limit_delays_probes_and_loses_none) {
  Rng rng{1};
  RateLimiter pace{10};
  AddressProber prober;
  prober.set_mode(ProbeMode::fast);
  for (Id id = 0; id < 20; ++id) prober.start(id, at(0s), rng);
  std::vector<Id> free;
  int probes = 0;
  const auto count = [&](Id) {
    ++probes;
    return true;
  };
  for (Instant now = kNoTime; now != kNever && now < at(20'000 * kMs);) {
    now = prober.tick(now, rng, pace, count, free);
    EXPECT_LE(probes, now.time_since_epoch() / (100 * kMs) + 2);
  }
  EXPECT_EQ(probes, 60);
  EXPECT_EQ(free.size(), 20U);
}

}  // namespace
}  // namespace arpline
