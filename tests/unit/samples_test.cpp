// SPDX-License-Identifier: Apache-2.0
#include "report/samples.hpp"

#include <gtest/gtest.h>

namespace arpline {
namespace {

TEST(Samples, without_any_there_is_nothing_to_say) {
  const auto none = Samples{}.status();
  EXPECT_EQ(none.count, 0U);
  EXPECT_FALSE(none.p99_ms.has_value());
}

TEST(Samples, percentiles_are_of_the_latest) {
  Samples samples;
  for (std::uint64_t i = 0; i < 1000; ++i) samples.add(9s);
  for (std::uint64_t i = 0; i < Samples::kMost; ++i) samples.add(duration_from_raw((i % 100 + 1) * 1'000'000));
  const auto status = samples.status();
  EXPECT_EQ(status.count, 1000 + Samples::kMost);
  EXPECT_NEAR(status.p50_ms.value(), 50, 1);
  EXPECT_NEAR(status.p99_ms.value(), 99, 1);
  EXPECT_EQ(status.most_ms.value(), 100);
}

}  // namespace
}  // namespace arpline
