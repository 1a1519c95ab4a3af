// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "arpline/roots.hpp"

namespace arpline {

/// `arpline status`: what the daemon says, or with the daemon down what the pinned maps hold. Returns the exit
/// code: 0 with every daemon alive, 3 otherwise. `senders`: with what each own MAC has sent; for a person only
/// that. Throws SetupError.
int status(const std::string& interface, bool as_json, bool senders, const Roots& roots);

/// `arpline status --gone`: the endpoints that have vanished while the daemon ran. Otherwise the same.
int gone(const std::string& interface, bool as_json, const Roots& roots);

}  // namespace arpline
