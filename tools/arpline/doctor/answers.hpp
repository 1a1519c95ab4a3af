// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "arpline/doctor/facts.hpp"

namespace arpline::doctor {

/// Copies a daemon's answer to {"cmd":"status"} into `parent`. From an answer that can't be parsed it copies
/// nothing and adds the reason to `unseen`. False: the answer is not about this parent.
bool take_status(const std::optional<nlohmann::json>& answer, Parent& parent, std::vector<std::string>& unseen);

/// Copies a daemon's answer to {"cmd":"gone"}, the endpoints that vanished from this parent, under the same
/// rules.
void take_gone(const std::optional<nlohmann::json>& answer, Parent& parent, std::vector<std::string>& unseen);

/// Adds the last claimant's MAC as a claimant when the endpoint has no list of them, as without a daemon.
void name_last_claimant(EndpointStatus& endpoint);

}  // namespace arpline::doctor
