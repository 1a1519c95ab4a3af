// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <istream>
#include <optional>
#include <set>

#include "base/net.hpp"

namespace arpline {

/// The multicast MACs that an interface of the calling thread's namespace takes: its own groups and those of
/// the interfaces on it, macvlans in other namespaces too. At most one more than ARPL_MAX_GROUPS. nullopt: the
/// kernel does not tell.
std::optional<std::set<Mac>> joined_groups(int ifindex);

/// The same from the text of /proc/net/dev_mcast.
std::set<Mac> parse_groups(std::istream& text, int ifindex);

}  // namespace arpline
