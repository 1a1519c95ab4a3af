// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace arpline {

/// Prints to stdout whether arpline can serve `interface`, and the obstacles; changes nothing. Returns the exit
/// code: 0, or 1 when there is a blocker. Throws SetupError when the kernel can't be queried.
int preflight(const std::string& interface, bool json);

}  // namespace arpline
