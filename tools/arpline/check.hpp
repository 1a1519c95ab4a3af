// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace arpline {

/// Reads a configuration as arplined would, with the parents of its command line, and prints that it is valid
/// and for which of the two daemons; warns of interfaces and groups that this machine does not have. Returns
/// the exit code. A configuration that arplined would refuse is a SetupError, or the JSON's "error".
int check(const std::string& file, const std::vector<std::string>& parents, bool as_json);

}  // namespace arpline
