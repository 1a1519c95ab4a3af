// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/run.hpp"

namespace arpline::sim {

/// What many seeds have been about.
class Statistics {
 public:
  void add(const Scenario& scenario, const Outcome& outcome);

  std::uint64_t seeds() const noexcept { return seeds_; }
  /// A line for each fault and each property.
  std::string text() const;
  /// Faults and properties that never occurred: nothing was learned of them.
  std::vector<std::string> missing() const;

 private:
  std::uint64_t seeds_ = 0;
  std::array<std::uint64_t, kFaults> alone_{};
  std::array<std::uint64_t, kFaults> among_others_{};
  std::array<std::uint64_t, kProperties> checks_{};
  std::array<std::uint64_t, kProperties> in_seeds_{};
};

}  // namespace arpline::sim
