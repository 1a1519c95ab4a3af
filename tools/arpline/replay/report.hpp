// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "arpline/replay/replay_host.hpp"

namespace arpline::replay {

/// What became of the frame: a verdict's name, or "sent".
std::string name_of(const Seen& seen);
/// The same with its description: "reflect: who-has of …".
std::string comment_of(const Seen& seen);
/// One line, with its end: seconds since `first_ns`, name_of(), who asks for whom.
std::string line_of(const Seen& seen, std::uint64_t first_ns);

/// All of the sums.
nlohmann::json to_json(const ReplayHost& world);
/// The same for a person. `ways`: what was assumed.
std::string to_text(const nlohmann::json& sums, Ways ways);

}  // namespace arpline::replay
