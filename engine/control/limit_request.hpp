// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/limits.hpp"
#include "control/neighbour_room.hpp"
#include "report/answers.hpp"

namespace arpline {

/// Whether the request changes nothing.
bool asks_only(const nlohmann::json& request);

/// What the control socket's {"cmd": "limit"} asks for: with "name" and "value" (frames a second, or "off")
/// that one is set; with "reset": true the one of that name, or without a name all, are again as `configured`.
/// Otherwise nothing changes. Throws SetupError, which says what is possible.
Limits changed_limits(const nlohmann::json& request, const Limits& configured, const Limits& now);

/// One line for each limit that differs, for the log.
std::vector<std::string> differences(const Limits& before, const Limits& now);

/// In the order of limit_specs(); `in_force` is what `fit` leaves of them.
std::vector<LimitStatus> limit_status(const Limits& configured, const Limits& now, const NeighbourFit& fit);

}  // namespace arpline
