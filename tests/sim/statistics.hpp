// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/run.hpp"

namespace arpline::sim {

/// Sums over many seeds.
class Statistics {
 public:
  void add(const Scenario& scenario, const Outcome& outcome);

  std::uint64_t seeds() const noexcept { return seeds_; }
  /// One line for each fault and each property.
  std::string text() const;
  /// Faults and properties that never occurred, so that the seeds say nothing about them.
  std::vector<std::string> missing() const;

 private:
  std::uint64_t seeds_ = 0;
  std::array<std::uint64_t, kFaults> alone_{};
  std::array<std::uint64_t, kFaults> among_others_{};
  std::array<std::uint64_t, kProperties> checks_{};
  std::array<std::uint64_t, kProperties> in_seeds_{};
};

}  // namespace arpline::sim
