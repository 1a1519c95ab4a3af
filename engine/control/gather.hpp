// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "kernel/maps.hpp"
#include "kernel/pins.hpp"
#include "report/status.hpp"

namespace arpline {

/// What a parent's maps hold, without what only a living daemon knows. Throws SetupError.
ParentStatus gather(const Maps& maps, const PinName& name, const std::string& folder);

}  // namespace arpline
