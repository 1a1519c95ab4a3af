// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "arpline/roots.hpp"

namespace arpline {

/// `arpline detach IF`: through the daemon when it answers, by the pins when it does not. Returns the exit
/// code. Throws SetupError.
int detach(const std::string& interface, const Roots& roots);

}  // namespace arpline
