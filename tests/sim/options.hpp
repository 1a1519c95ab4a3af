// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arpline::sim {

/// sim_tests [--seeds COUNT] [--from FIRST] | --seed N [--trace], after Google Test's own options.
struct Options {
  std::uint64_t from = 1;
  std::uint64_t seeds = 0;  ///< 0: as many as the test has time for
  bool one = false;         ///< run only the seed `from`
  bool trace = false;       ///< print all lines that the trace holds
};

/// The options of this process.
const Options& options();

}  // namespace arpline::sim
