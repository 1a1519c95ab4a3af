// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace arpline::gen {

struct PresetInfo {
  std::string_view name;
  std::string_view description;
};

std::span<const PresetInfo> presets();

/// The specs that the name stands for. `to` and `from` are ranges as in a spec; without `from` ("") spoof and
/// neighbour-overflow invent requesters around the targets (invented_requesters), the others are the interface.
/// Throws SetupError for an unknown name, no `to`, or when no requesters can be invented.
std::vector<std::string> preset(std::string_view name, const std::string& to, const std::string& from);

/// Of the /16 that the first target lies in: the addresses below or above all targets, whichever are more,
/// without the first and the last of the /16; at most `most` of them, those next to the targets. A requester
/// with a target's address would claim it. Throws SetupError when there are fewer than `least`.
std::string invented_requesters(const std::string& to, std::uint32_t least, std::uint32_t most);

}  // namespace arpline::gen
