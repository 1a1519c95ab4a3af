// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <istream>
#include <optional>
#include <set>

#include "base/net.hpp"

namespace arpline {

/// The multicast MACs that an interface of the calling thread's namespace receives: its own groups and those of
/// the interfaces on it, including macvlans in other namespaces. ARPL_MAX_GROUPS + 1 at most. nullopt when the
/// kernel's list can't be read.
std::optional<std::set<Mac>> joined_groups(int ifindex);

/// Parses the text of /proc/net/dev_mcast.
std::set<Mac> parse_groups(std::istream& text, int ifindex);

}  // namespace arpline
