// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arpline::sim {

/// sim_tests [--seeds COUNT] [--from FIRST] | --seed N [--trace], behind Google Test's own.
struct Options {
  std::uint64_t from = 1;
  std::uint64_t seeds = 0;  ///< 0: as many as a test has time for
  bool one = false;         ///< only the seed `from`
  bool trace = false;       ///< with all that its trace still has
};

/// As they were given to the program.
const Options& options();

}  // namespace arpline::sim
