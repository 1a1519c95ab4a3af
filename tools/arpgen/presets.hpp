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

/// The specs that the name stands for. `to` and `from` are ranges as in a spec. Without `from` ("") spoof has
/// all of the /16 that the first target lies in, the targets and the interface's own address among them, as a
/// flood from forged senders has; neighbour-overflow invents requesters beside the targets
/// (invented_requesters); the others are the interface. Throws SetupError for an unknown name, no `to`, or when
/// no requesters can be invented.
std::vector<std::string> preset(std::string_view name, const std::string& to, const std::string& from);

/// Of the /16 that the first target lies in: `count` addresses next to the targets, below or above all of them,
/// whichever side has more, without the first and the last of the /16. A requester with a target's address
/// would claim it. Throws SetupError when there are fewer.
std::string invented_requesters(const std::string& to, std::uint32_t count);

}  // namespace arpline::gen
