// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arpline/doctor/gather.hpp"

namespace arpline::doctor {

/// Exit code when doctor could not examine the host; 0 to 2 give the worst severity that it found.
inline constexpr int kCouldNotLook = 3;

/// `arpline doctor`: prints faults and their remedies to stdout; changes nothing. Returns the exit code: 0 for
/// no finding or notes only, 1 for a warning, 2 for critical, 3 with one line on stderr when it could not
/// examine the host.
int run(const Request& request, bool json, const Roots& roots);

}  // namespace arpline::doctor
