// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "arpline/roots.hpp"

namespace arpline {

/// The arguments of `arpline limit`.
struct LimitRequest {
  std::optional<std::string> name;   ///< of the limit; nullopt: all
  std::optional<std::string> value;  ///< frames a second or "off"; nullopt: show only
  bool reset = false;                ///< back to the configured value
  std::string parent;                ///< empty: every parent
};

/// `arpline limit`: shows the limits in force, or changes one in the running daemons until their next reload or
/// restart. Returns the exit code. Throws SetupError when no daemon runs and for an unknown name or invalid
/// value.
int limit(const LimitRequest& request, bool as_json, const Roots& roots);

}  // namespace arpline
