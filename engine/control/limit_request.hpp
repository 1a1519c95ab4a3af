// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/limits.hpp"
#include "control/neighbour_room.hpp"
#include "report/answers.hpp"

namespace arpline {

/// True when the request changes nothing.
bool asks_only(const nlohmann::json& request);

/// The limits after {"cmd": "limit"} of the control socket. "name" and "value" (frames a second, or "off") set
/// one limit; "reset": true resets the limit of that name, or without a name all of them, to `configured`. Any
/// other request changes nothing. Throws SetupError with the limits and values that are possible.
Limits changed_limits(const nlohmann::json& request, const Limits& configured, const Limits& now);

/// One line for each limit that differs, for the log.
std::vector<std::string> differences(const Limits& before, const Limits& now);

/// All limits in the order of limit_specs(); `in_force` is the part of the rate that `fit` leaves.
std::vector<LimitStatus> limit_status(const Limits& configured, const Limits& now, const NeighbourFit& fit);

}  // namespace arpline
