// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace arpline {

/// From now on what `from` receives is received by the parent instead, until that interface is gone. Throws
/// SetupError.
void hand_over_to(const std::string& from, int parent_ifindex);

}  // namespace arpline
