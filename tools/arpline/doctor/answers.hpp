// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "arpline/doctor/facts.hpp"

namespace arpline::doctor {

/// Takes into `parent` what its daemon has answered to {"cmd":"status"}. Of what cannot be read nothing is
/// taken, and why stands in `unseen`. False: the answer is not about this parent.
bool take_status(const std::optional<nlohmann::json>& answer, Parent& parent, std::vector<std::string>& unseen);

/// The same of {"cmd":"gone"}: what vanished from this parent.
void take_gone(const std::optional<nlohmann::json>& answer, Parent& parent, std::vector<std::string>& unseen);

/// Where nobody lists who claims the endpoint's address, the last one is known all the same.
void name_last_claimant(EndpointStatus& endpoint);

}  // namespace arpline::doctor
