// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "control/endpoint_registry.hpp"
#include "kernel/maps.hpp"
#include "kernel/pins.hpp"
#include "report/senders.hpp"
#include "report/status.hpp"

namespace arpline {

/// What a parent's maps hold, without what only a living daemon knows. Throws SetupError.
ParentStatus gather(const Maps& maps, const PinName& name, const std::string& folder);

/// What each own MAC has sent; two system calls for each. `owners`: whose they are, as far as known; `parent`:
/// the parent's name.
std::vector<Sender> gather_senders(const Maps& maps, const Owners& owners, const ForeignText& parent);

}  // namespace arpline
