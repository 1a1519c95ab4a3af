// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "arpline/roots.hpp"

namespace arpline {

/// `arpline detach IF`: asks the daemon to detach, or removes the pins when it does not answer. Returns the
/// exit code. Throws SetupError.
int detach(const std::string& interface, const Roots& roots);

}  // namespace arpline
