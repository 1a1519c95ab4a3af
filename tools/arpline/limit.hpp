// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "arpline/roots.hpp"

namespace arpline {

/// What `arpline limit` was asked for.
struct LimitRequest {
  std::optional<std::string> name;   ///< of the limit; none: all
  std::optional<std::string> value;  ///< frames a second or "off"; none: only to be shown
  bool reset = false;                ///< as the configuration has it
  std::string parent;                ///< empty: every parent
};

/// `arpline limit`: shows the limits in force, or changes one in the running daemons until their next reload or
/// restart. Returns the exit code. Throws SetupError when no daemon runs, or for a name or value that can't be.
int limit(const LimitRequest& request, bool as_json, const Roots& roots);

}  // namespace arpline
