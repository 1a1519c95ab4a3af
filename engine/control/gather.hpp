// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/endpoint_registry.hpp"
#include "kernel/maps.hpp"
#include "report/status.hpp"

namespace arpline {

/// What the maps of the interface `parent` hold at `now`, without what only a living daemon knows. Throws
/// SetupError.
ParentStatus gather(const Maps& maps, const ForeignText& parent, int ifindex, const std::string& folder,
                    std::uint64_t now);

/// What each own MAC has sent, the busiest first; two system calls for each. `owners`: whose they are, as far
/// as known; `parent`: the parent's name.
std::vector<SenderStatus> gather_senders(const Maps& maps, const Owners& owners, const ForeignText& parent);

}  // namespace arpline
