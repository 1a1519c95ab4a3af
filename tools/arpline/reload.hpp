// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arpline/roots.hpp"

namespace arpline {

/// `arpline reload`: makes every daemon of this network namespace reload its configuration, and prints how each
/// parent fared. Returns the exit code. Throws NoDaemonError, and SetupError when a daemon refuses and keeps
/// its old configuration.
int reload(bool as_json, const Roots& roots);

}  // namespace arpline
