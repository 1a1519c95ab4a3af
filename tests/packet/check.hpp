// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "packet/runner.hpp"

namespace arpline::packet {

/// "ring", "would_ring": the counter's name, for a person who reads a failure.
std::string counter_name(std::uint32_t counter);

/// Exactly one counter has grown by one, the expected one; none when nothing is expected.
void expect_counted(const Outcome& outcome, std::optional<arpl_verdict> verdict, bool would);

/// Verdict, output bytes and claim are the row's.
void expect_outcome(const Row& row, const Outcome& outcome);

/// gtest's names for parametrised cases.
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
