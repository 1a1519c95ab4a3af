// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace arpline {

/// Reads a configuration as arplined would, with the parents of its command line, and says that it is good;
/// warns of what does not exist on this machine. Returns the exit code. Throws SetupError for what arplined
/// would refuse.
int check(const std::string& file, const std::vector<std::string>& parents);

}  // namespace arpline
