// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "kernel/maps.hpp"
#include "report/status.hpp"

namespace arpline {

/// What the maps of the interface `parent` hold at `now`, without what only a living daemon knows. Throws
/// SetupError.
ParentStatus gather(const Maps& maps, const ForeignText& parent, int ifindex, const std::string& folder,
                    std::uint64_t now);

}  // namespace arpline
