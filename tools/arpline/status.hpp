// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "arpline/roots.hpp"

namespace arpline {

/// `arpline status`: the daemon's answer, or without a daemon the contents of the pinned maps. Returns the exit
/// code: 0 when every daemon answers, 3 otherwise. `senders`: adds the frames that each own MAC has sent; as
/// text it prints only these. Throws SetupError.
int status(const std::string& interface, bool as_json, bool senders, const Roots& roots);

/// `arpline status --gone`: the endpoints that have vanished while the daemon ran; otherwise like status().
int gone(const std::string& interface, bool as_json, const Roots& roots);

}  // namespace arpline
