// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace arpline {

/// Attaches a program to the interface `from` that passes its received frames on to the parent, as if the
/// parent had received them. It stays until `from` is gone. Throws SetupError.
void hand_over_to(const std::string& from, int parent_ifindex);

}  // namespace arpline
