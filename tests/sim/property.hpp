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

/// What is promised; docs/simulator.md has each in a sentence.
enum class Property : std::uint8_t {
  well_formed,        ///< what is sent is what the RFC and the settings say
  set_begins,         ///< a change is announced soon
  set_spacing,        ///< announcements of a set are `interval` apart, and no more than `repeat`
  refreshed,          ///< at least every `refresh`
  not_too_often,      ///< and not more often
  inside_once,        ///< the first announcement after a change goes inside too, and no other one
  pace,               ///< never above `pps`
  asking_pace,        ///< nor the who-has for gateways
  probe_timing,       ///< RFC 5227 section 2.1.1
  probed_first,       ///< no announcement before the probes
  silent_withdrawn,   ///< nothing for what is withdrawn or down
  silent_contested,   ///< nothing but a defence for what is contested
  silent_given_up,    ///< nor for what is given up
  silent_moving,      ///< nor for what moves too often
  silent_unanswered,  ///< nor for what has not answered three samples
  answers_served,     ///< no answer for what is withdrawn
  conflict_reported,  ///< every claim that is heard of
  origin,             ///< who claims is told apart
  conflict_over,      ///< its end is reported
  defended,           ///< a claim is answered where the policy wants it
  defence_allowed,    ///< and only there
  defence_interval,   ///< at most once in DEFEND_INTERVAL
  gave_up,            ///< as the policy says
  moves_noticed,      ///< RFC 7432 section 15.1
  moves_end,          ///< and its end
  path_order,         ///< suspect comes before lost, lost before back
  path_lost,          ///< a dead way is reported in time
  path_back,          ///< and its recovery
  path_blame,         ///< whether the host reaches the gateway
  gateway_moved,      ///< another MAC of the gateway is reported
  seen_outside,       ///< an own MAC from the wire is known
  told_in_use,        ///< who probes for an endpoint's address is told that it is in use
  bounded,            ///< what is remembered of others
  as_the_kernel,      ///< what the bare kernel would have answered is answered, whatever others do
  above_the_kernel,   ///< and of what its queue would have lost 99 %
  reachable,          ///< a ping gets through again in time
  kCount,
};
inline constexpr auto kProperties = static_cast<std::size_t>(Property::kCount);

std::string_view name_of(Property property);

/// What a run has shown.
class Findings {
 public:
  static constexpr std::size_t kMost = 8;

  explicit Findings(const Queue& queue) : queue_(queue) {}

  /// The property was put to the test; `holds`: and was kept. `text` is asked for only when it was not.
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
