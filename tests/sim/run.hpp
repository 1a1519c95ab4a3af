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
  std::uint64_t hash = 0;          ///< over all events of the run
  std::vector<std::string> trace;  ///< its last lines

  bool failed_in(Property property) const { return failed.at(static_cast<std::size_t>(property)); }
};

struct Watched {
  MakeMachine make_machine{};       ///< replaces the real machines
  std::size_t trace_lines = 0;      ///< at most
  std::optional<Property> until{};  ///< stop only at a failure of this property
};

/// Runs a scenario to its end or its first failure.
Outcome run(const Scenario& scenario, const Watched& watched = {});

}  // namespace arpline::sim
