// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arpline/roots.hpp"

namespace arpline {

/// `arpline reload`: every daemon of this network namespace reads its configuration again. Returns the exit
/// code. Throws SetupError when there is none, or when one refuses: then it goes on with what it had.
int reload(const Roots& roots);

}  // namespace arpline
