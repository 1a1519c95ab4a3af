// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/machine.hpp"
#include "sim/property.hpp"
#include "sim/scenario.hpp"

namespace arpline::sim {

struct Outcome {
  std::vector<std::string> failures;
  std::vector<bool> failed = std::vector<bool>(kProperties);
  std::array<std::uint64_t, kProperties> exercised{};
  std::uint64_t hash = 0;          ///< of everything that happened
  std::vector<std::string> trace;  ///< the last of it

  bool failed_in(Property property) const { return failed.at(static_cast<std::size_t>(property)); }
};

struct Watched {
  MakeMachine make_machine{};       ///< other machines than the real ones
  std::size_t trace_lines = 0;      ///< so many at most
  std::optional<Property> until{};  ///< ends only when this one fails
};

/// Runs a scenario to its end, or to its first failure.
Outcome run(const Scenario& scenario, const Watched& watched = {});

}  // namespace arpline::sim
