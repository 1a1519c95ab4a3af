// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/paths.hpp"

namespace arpline::doctor {
namespace {

// The most likely cause; the switch itself can't be queried from this host.
std::string cause_of(const EndpointStatus& endpoint) {
  if (endpoint.seen_outside)
    return "its MAC came in from the wire as well: the switch may take it to be at another port";
  return "port security, a limit on MACs per port, or a filter of forged transmits";
}

}  // namespace

void switch_drops_mac(const Facts& facts, Findings& out) {
  for (const auto& [endpoint, path, reached_by] : failing_paths(facts, out)) {
    if (reached_by.empty()) continue;
    out.push_back({.id = "switch_drops_mac",
                   .severity = Severity::critical,
                   .certainty = Certainty::likely,
                   .subject = subject_of(endpoint),
                   .evidence = fmt::format("{}, but answers {}: the switch drops what comes from or goes to {} "
                                           "({})",
                                           silence_of(*path), reached_by, format_mac(endpoint.mac),
                                           cause_of(*endpoint.known)),
                   .about = about_of(endpoint)});
  }
}

}  // namespace arpline::doctor
