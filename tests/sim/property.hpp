// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/queue.hpp"

namespace arpline::sim {

/// The promises that a run checks; docs/simulator.md describes each.
enum class Property : std::uint8_t {
  well_formed,        ///< frames are as the RFC and the settings demand
  set_begins,         ///< a change is announced soon after
  set_spacing,        ///< announcements of a set are `interval` apart, at most `repeat`
  refreshed,          ///< a refresh comes at least every `refresh`
  not_too_often,      ///< a refresh comes at most every `refresh`
  inside_once,        ///< the first announcement after a change is sent inside the host too, no other one
  pace,               ///< frames never exceed `pps`
  asking_pace,        ///< who-has for gateways never exceed `pps`
  probe_timing,       ///< RFC 5227 section 2.1.1
  probed_first,       ///< no announcement comes before the probes
  silent_withdrawn,   ///< an endpoint that is withdrawn or down sends nothing
  silent_contested,   ///< a contested endpoint sends nothing but defences
  silent_given_up,    ///< an endpoint that was given up sends nothing
  silent_moving,      ///< an endpoint that moves too often sends nothing
  silent_unanswered,  ///< an unanswered endpoint sends nothing
  answers_served,     ///< a withdrawn endpoint is not answered for
  conflict_reported,  ///< every claim that is heard is reported
  origin,             ///< the claimant's origin is right
  conflict_over,      ///< the end of a conflict is reported
  defended,           ///< a claim is answered by a defence if the policy says so
  defence_allowed,    ///< a defence comes only if the policy says so
  defence_interval,   ///< at most one defence in DEFEND_INTERVAL
  gave_up,            ///< an endpoint is given up if and only if the policy says so
  moves_noticed,      ///< moving too often is reported (RFC 7432 section 15.1)
  moves_end,          ///< the end of moving is reported
  path_order,         ///< reports come in order: suspect, lost, back
  path_lost,          ///< a failed path is reported in time
  path_back,          ///< the recovery of a path is reported
  path_blame,         ///< the report says correctly whether the host reaches the gateway
  gateway_moved,      ///< a change of the gateway's MAC is reported
  seen_outside,       ///< an own MAC that comes from the wire is noticed
  told_in_use,        ///< a station that probes for an endpoint's address learns that it is in use
  bounded,            ///< memory for others is bounded
  as_the_kernel,      ///< a who-has that the bare kernel would have answered is answered, despite attacks
  above_the_kernel,   ///< 99 % of the who-has that the bare kernel's queue would have lost are answered
  reachable,          ///< a ping succeeds in time after a fault
  kCount,
};
inline constexpr auto kProperties = static_cast<std::size_t>(Property::kCount);

std::string_view name_of(Property property);

/// The results of a run.
class Findings {
 public:
  static constexpr std::size_t kMost = 8;

  explicit Findings(const Queue& queue) : queue_(queue) {}

  /// Records a check of the property, and a failure unless `holds`. `text` is called only for a failure.
  template <class Text>
  void check(Property property, bool holds, Text text) {
    ++exercised_.at(static_cast<std::size_t>(property));
    if (!holds) fail(property, text());
  }
  void fail(Property property, const std::string& text);

  bool failed() const noexcept { return !failures_.empty(); }
  bool failed(Property property) const { return failed_.at(static_cast<std::size_t>(property)); }
  const std::vector<std::string>& failures() const noexcept { return failures_; }
  const std::array<std::uint64_t, kProperties>& exercised() const noexcept { return exercised_; }

 private:
  const Queue& queue_;
  std::vector<std::string> failures_;
  std::array<std::uint64_t, kProperties> exercised_{};
  std::array<bool, kProperties> failed_{};
};

}  // namespace arpline::sim
