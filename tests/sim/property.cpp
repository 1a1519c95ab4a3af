// SPDX-License-Identifier: Apache-2.0
#include "sim/property.hpp"

#include <fmt/core.h>

namespace arpline::sim {

std::string_view name_of(Property property) {
  static constexpr std::array<std::string_view, kProperties> kNames{"well_formed",
                                                                    "set_begins",
                                                                    "set_spacing",
                                                                    "refreshed",
                                                                    "not_too_often",
                                                                    "inside_once",
                                                                    "pace",
                                                                    "asking_pace",
                                                                    "probe_timing",
                                                                    "probed_first",
                                                                    "silent_withdrawn",
                                                                    "silent_contested",
                                                                    "silent_given_up",
                                                                    "silent_moving",
                                                                    "silent_unanswered",
                                                                    "answers_served",
                                                                    "conflict_reported",
                                                                    "party",
                                                                    "conflict_over",
                                                                    "defended",
                                                                    "defence_allowed",
                                                                    "defence_interval",
                                                                    "gave_up",
                                                                    "moves_noticed",
                                                                    "moves_end",
                                                                    "path_order",
                                                                    "path_lost",
                                                                    "path_back",
                                                                    "path_blame",
                                                                    "gateway_moved",
                                                                    "seen_outside",
                                                                    "told_in_use",
                                                                    "bounded",
                                                                    "as_the_kernel",
                                                                    "above_the_kernel",
                                                                    "reachable"};
  return kNames.at(static_cast<std::size_t>(property));
}

void Findings::fail(Property property, const std::string& text) {
  failed_.at(static_cast<std::size_t>(property)) = true;
  if (failures_.size() < kMost)
    failures_.push_back(fmt::format("{} at {:.6f} s: {}", name_of(property), in_seconds(queue_.now()), text));
}

}  // namespace arpline::sim
