// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace arpline {

/// Reads a configuration as arplined would, with the parents of its command line, and prints that it is valid;
/// warns of interfaces and groups that this machine does not have. Returns the exit code. Throws SetupError for
/// a configuration that arplined would refuse.
int check(const std::string& file, const std::vector<std::string>& parents);

}  // namespace arpline
