// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "arpline/replay/replay_host.hpp"

namespace arpline::replay {

/// The frame's verdict by name, or "sent".
std::string name_of(const Seen& seen);
/// The verdict with its description: "reflect: who-has of …".
std::string comment_of(const Seen& seen);
/// One line with its line break: seconds since `first_ns`, name_of(), requester and target.
std::string line_of(const Seen& seen, std::uint64_t first_ns);

/// All sums.
nlohmann::json to_json(const ReplayHost& host);
/// The sums as text. `ways`: the assumptions of the replay.
std::string to_text(const nlohmann::json& sums, Ways ways);

}  // namespace arpline::replay
