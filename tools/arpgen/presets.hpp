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

/// The specs of the preset `name`. `to` and `from` are ranges as in a spec. The requesters without a `from`
/// (""): in spoof the whole /16 around the first target, the targets and the interface's own address among
/// them, like a flood from forged senders; in neighbour-overflow invented_requesters(); in the others the
/// interface. Throws SetupError for an unknown name, a missing `to`, or when no requesters can be invented.
std::vector<std::string> preset(std::string_view name, const std::string& to, const std::string& from);

/// A range of `count` addresses of the /16 around the first target, below or above all targets, whichever side
/// has more room, without the first and last address of the /16. It avoids the targets because a requester with
/// a target's address would claim it. Throws SetupError when the /16 has no such range.
std::string invented_requesters(const std::string& to, std::uint32_t count);

}  // namespace arpline::gen
