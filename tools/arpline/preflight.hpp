// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace arpline {

/// Prints to stdout whether arpline can serve `interface` and what is in its way; changes nothing.
/// Returns the exit code: 0, or 1 when there is a blocker. Throws SetupError when the kernel cannot even be
/// asked.
int preflight(const std::string& interface, bool json);

}  // namespace arpline
