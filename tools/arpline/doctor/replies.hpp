// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "arpline/doctor/facts.hpp"

namespace arpline::doctor {

/// The endpoints of one parent's status, as the daemon answers it or as it is made from the pinned maps. What
/// has not the expected form is left out.
std::vector<KnownEndpoint> endpoints_in(const nlohmann::json& parent);

/// How a parent is announced, out of its status; none where nobody tells.
std::optional<Announce> announce_in(const nlohmann::json& parent);

/// What vanished from `parent`, out of the daemon's answer to {"cmd":"gone"}; likewise.
std::vector<Tombstone> tombstones_in(const nlohmann::json& reply, const ForeignText& parent);

}  // namespace arpline::doctor
