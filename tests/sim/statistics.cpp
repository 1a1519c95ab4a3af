// SPDX-License-Identifier: Apache-2.0
#include "sim/statistics.hpp"

#include <fmt/core.h>

namespace arpline::sim {

void Statistics::add(const Scenario& scenario, const Outcome& outcome) {
  ++seeds_;
  for (const auto& fault : scenario.faults)
    ++(scenario.single ? alone_ : among_others_).at(static_cast<std::size_t>(fault.fault));
  for (std::size_t i = 0; i < kProperties; ++i) {
    checks_.at(i) += outcome.exercised.at(i);
    in_seeds_.at(i) += outcome.exercised.at(i) != 0 ? 1 : 0;
  }
}

std::string Statistics::text() const {
  auto text = fmt::format("{} seeds\n{:<20}{:>10}{:>10}\n", seeds_, "fault", "alone", "of many");
  for (std::size_t i = 0; i < kFaults; ++i)
    text +=
        fmt::format("{:<20}{:>10}{:>10}\n", name_of(static_cast<Fault>(i)), alone_.at(i), among_others_.at(i));
  text += fmt::format("{:<20}{:>10}{:>10}\n", "property", "checked", "in seeds");
  for (std::size_t i = 0; i < kProperties; ++i)
    text +=
        fmt::format("{:<20}{:>10}{:>10}\n", name_of(static_cast<Property>(i)), checks_.at(i), in_seeds_.at(i));
  return text;
}

std::vector<std::string> Statistics::missing() const {
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < kFaults; ++i)
    if (alone_.at(i) == 0) missing.push_back(fmt::format("fault {}", name_of(static_cast<Fault>(i))));
  for (std::size_t i = 0; i < kProperties; ++i)
    if (checks_.at(i) == 0) missing.push_back(fmt::format("property {}", name_of(static_cast<Property>(i))));
  return missing;
}

}  // namespace arpline::sim
