// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arpline/roots.hpp"

namespace arpline {

/// `arpline reload`: makes every daemon of this network namespace reload its configuration. Returns the exit
/// code. Throws SetupError when no daemon runs, or when one refuses and keeps its old configuration.
int reload(const Roots& roots);

}  // namespace arpline
