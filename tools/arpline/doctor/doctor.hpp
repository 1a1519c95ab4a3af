// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arpline/doctor/gather.hpp"

namespace arpline::doctor {

/// The exit code of a doctor that could not run; its others tell what it found.
inline constexpr int kCouldNotLook = 3;

/// `arpline doctor`: prints to stdout what is wrong and what would mend it; changes nothing. Returns the exit
/// code: 0 no finding or notes only, 1 a warning, 2 critical; 3 with one line on stderr when it could not look.
int run(const Request& request, bool json, const Roots& roots);

}  // namespace arpline::doctor
