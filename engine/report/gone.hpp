// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "endpoints/history.hpp"

namespace arpline {

/// [{"seconds_ago", "event"}], in the same order.
nlohmann::json trail_to_json(std::span<const InterfaceEvent> trail, std::uint64_t now);

/// The tombstones of one parent, the newest first.
nlohmann::json gone_to_json(const History& history, const ForeignText& parent, std::uint64_t now);

/// The same for a person, from an array of them.
std::string gone_to_text(const nlohmann::json& gone);

}  // namespace arpline
