// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "report/fields.hpp"
#include "shared/abi.h"
#include "shared/verdicts.h"

/// The counters of counters.def and verdicts.def in the form that status shows. A new row there needs no change
/// here.
namespace arpline {

/// Counters by name.
using Counts = std::map<std::string, std::uint64_t>;

struct EgressCounters {
#define ARPL_EGRESS(name, unit, description) std::uint64_t name = 0;
#include "shared/counters.def"
};

/// An endpoint's counters, from its statistics and its slot.
struct EndpointCounters {
#define ARPL_ENDPOINT(name, unit, description) std::uint64_t name = 0;
#define ARPL_SLOT(name, unit, description) std::uint64_t name = 0;
#include "shared/counters.def"
};

struct SenderCounters {
#define ARPL_SENDER(name, unit, description) std::uint64_t name = 0;
#include "shared/counters.def"
};

struct StormCounters {
#define ARPL_STORM(name, unit, description) std::uint64_t name = 0;
#include "shared/counters.def"
};

/// Frames that were sent for a parent's endpoints.
struct SentCounters {
#define ARPL_SENT(name, unit, description) std::uint64_t name = 0;
#include "shared/counters.def"
};

struct ParentCounters {
#define ARPL_PARENT(name, unit, description) std::uint64_t name = 0;
#include "shared/counters.def"
};

/// Empty where the kernel does not tell.
struct DriverCounters {
#define ARPL_DRIVER(name, unit, description) std::optional<std::uint64_t> name{};
#include "shared/counters.def"
};

struct DaemonCounters {
#define ARPL_DAEMON(name, unit, description) std::uint64_t name = 0;
#include "shared/counters.def"
};

void fields(auto& list, MaybeConst<EgressCounters> auto& c) {
#define ARPL_EGRESS(name, unit, description) list(#name, c.name);
#include "shared/counters.def"
}

void fields(auto& list, MaybeConst<EndpointCounters> auto& c) {
#define ARPL_ENDPOINT(name, unit, description) list(#name, c.name);
#define ARPL_SLOT(name, unit, description) list(#name, c.name);
#include "shared/counters.def"
}

void fields(auto& list, MaybeConst<SenderCounters> auto& c) {
#define ARPL_SENDER(name, unit, description) list(#name, c.name);
#include "shared/counters.def"
}

void fields(auto& list, MaybeConst<StormCounters> auto& c) {
#define ARPL_STORM(name, unit, description) list(#name, c.name);
#include "shared/counters.def"
}

void fields(auto& list, MaybeConst<SentCounters> auto& c) {
#define ARPL_SENT(name, unit, description) list(#name, c.name);
#include "shared/counters.def"
}

void fields(auto& list, MaybeConst<ParentCounters> auto& c) {
#define ARPL_PARENT(name, unit, description) list(#name, c.name);
#include "shared/counters.def"
}

void fields(auto& list, MaybeConst<DriverCounters> auto& c) {
#define ARPL_DRIVER(name, unit, description) list(#name, c.name);
#include "shared/counters.def"
}

void fields(auto& list, MaybeConst<DaemonCounters> auto& c) {
#define ARPL_DAEMON(name, unit, description) list(#name, c.name);
#include "shared/counters.def"
}

/// The counters of one family, by name.
template <class Counters>
Counts by_name(const Counters& counters) {
  Counts counts;
  auto list = [&counts](const char* name, std::uint64_t value) { counts.emplace(name, value); };
  fields(list, counters);
  return counts;
}

EgressCounters counters_of(const arpl_egress_stats& stats);
SenderCounters counters_of(const arpl_sender& sender);
StormCounters counters_of(const arpl_storm_limit& limit);
/// `requests` includes the reflected ones.
EndpointCounters counters_of(const arpl_endpoint_stats& stats, const arpl_slot& slot);

/// The name of a verdict counter: enum arpl_verdict, then the would_ twins.
std::string counter_name(std::size_t index);
/// Its description; a would_ twin has that of the verdict it stands for.
std::string_view counter_description(std::size_t index);

/// Verdicts by name. The spans come from Maps::verdicts(), Maps::other_verdicts() and the sum of
/// Maps::engine_counts().
Counts wire_counts(std::span<const std::uint64_t> verdicts);
Counts other_counts(std::span<const std::uint64_t> verdicts);
Counts engine_counts(std::span<const std::uint64_t> verdicts);

}  // namespace arpline
