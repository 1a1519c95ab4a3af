// SPDX-License-Identifier: Apache-2.0
#include "report/samples.hpp"

#include <gtest/gtest.h>

namespace arpline {
namespace {

TEST(Samples, without_any_there_is_nothing_to_say) {
  const auto json = Samples{}.to_json();
  EXPECT_EQ(json["count"], 0);
  EXPECT_TRUE(json["p99_ms"].is_null());
}

TEST(Samples, percentiles_are_of_the_latest) {
  Samples samples;
  for (std::uint64_t i = 0; i < 1000; ++i) samples.add(9'000'000'000);
  for (std::uint64_t i = 0; i < Samples::kMost; ++i) samples.add((i % 100 + 1) * 1'000'000);
  const auto json = samples.to_json();
  EXPECT_EQ(json["count"], 1000 + Samples::kMost);
  EXPECT_NEAR(json["p50_ms"].get<double>(), 50, 1);
  EXPECT_NEAR(json["p99_ms"].get<double>(), 99, 1);
  EXPECT_EQ(json["most_ms"].get<double>(), 100);
}

}  // namespace
}  // namespace arpline
