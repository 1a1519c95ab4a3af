// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "packet/runner.hpp"

namespace arpline::packet {

/// The counter's name for failure messages: "ring", "would_ring".
std::string counter_name(std::uint32_t counter);

/// Expects that the verdict's counter alone has grown, by one; without a verdict, that no counter has grown.
void expect_counted(const Outcome& outcome, std::optional<arpl_verdict> verdict, bool would);

/// Expects the row's verdict, output bytes and claim.
void expect_outcome(const Row& row, const Outcome& outcome);

/// Names for gtest's parametrized cases.
template <class R>
std::string row_name(const testing::TestParamInfo<R>& info) {
  return info.param.name;
}

inline void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}
inline void PrintTo(const EgressRow& row, std::ostream* out) {
  *out << row.name;
}

}  // namespace arpline::packet
