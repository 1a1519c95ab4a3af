// SPDX-License-Identifier: Apache-2.0
#include "report/counters.hpp"

#include <array>

namespace arpline {
namespace {

constexpr std::array kWire{
#define ARPL_WIRE(class, name, description) #name,
#include "shared/verdicts.def"
};

constexpr std::array kWireDescriptions{
#define ARPL_WIRE(class, name, description) description,
#include "shared/verdicts.def"
};

constexpr std::array kOther{
#define ARPL_OTHER(class, name, description) #name,
#include "shared/verdicts.def"
};

constexpr std::array kEngine{
#define ARPL_ENGINE(class, name, description) #name,
#include "shared/verdicts.def"
};

std::string other_name(std::size_t index) {
  if (index < kOther.size()) return kOther.at(index);
  return std::string{"would_"} + kOther.at(index - kOther.size() + ARPL_FIRST_OTHER_DROP);
}

template <class Name>
Counts named(std::span<const std::uint64_t> verdicts, Name name) {
  Counts counts;
  for (std::size_t i = 0; i < verdicts.size(); ++i) counts.emplace(name(i), verdicts[i]);
  return counts;
}

}  // namespace

EgressCounters counters_of(const arpl_egress_stats& stats) {
  EgressCounters counters;
#define ARPL_EGRESS(name, unit, description) counters.name = stats.name;
#include "shared/counters.def"
  return counters;
}

SenderCounters counters_of(const arpl_sender& sender) {
  SenderCounters counters;
#define ARPL_SENDER(name, unit, description) counters.name = sender.name;
#include "shared/counters.def"
  return counters;
}

StormCounters counters_of(const arpl_storm_limit& limit) {
  StormCounters counters;
#define ARPL_STORM(name, unit, description) counters.name = limit.name;
#include "shared/counters.def"
  return counters;
}

EndpointCounters counters_of(const arpl_endpoint_stats& stats, const arpl_slot& slot) {
  EndpointCounters counters;
#define ARPL_ENDPOINT(name, unit, description) counters.name = stats.name;
#define ARPL_SLOT(name, unit, description) counters.name = slot.name;
#include "shared/counters.def"
  counters.requests += slot.reflected;
  return counters;
}

std::string counter_name(std::size_t index) {
  if (index < kWire.size()) return kWire.at(index);
  return std::string{"would_"} + kWire.at(index - kWire.size() + ARPL_FIRST_ACTING);
}

std::string_view counter_description(std::size_t index) {
  return kWireDescriptions.at(index < kWire.size() ? index : index - kWire.size() + ARPL_FIRST_ACTING);
}

Counts wire_counts(std::span<const std::uint64_t> verdicts) {
  return named(verdicts, counter_name);
}

Counts other_counts(std::span<const std::uint64_t> verdicts) {
  return named(verdicts, other_name);
}

Counts engine_counts(std::span<const std::uint64_t> verdicts) {
  return named(verdicts, [](std::size_t index) { return kEngine.at(index); });
}

}  // namespace arpline
