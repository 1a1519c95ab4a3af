// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

namespace arpline {

/// A capability (CAP_*, linux/capability.h) that the daemon can't do without, and what for.
struct NeededCapability {
  unsigned capability = 0;
  const char* why = nullptr;
  bool starts_without = false;  ///< it is missed later, or only with some configurations
};

/// All of them; docs/privileges.md says the same.
std::span<const NeededCapability> needed_capabilities() noexcept;

/// "CAP_NET_ADMIN"
std::string capability_name(const NeededCapability& needed);

/// Those that are not in this process's effective set. Throws SetupError.
std::vector<NeededCapability> missing_capabilities();

/// Gives up all other capabilities for good, in the bounding set too, and the right to get any by exec
/// (no_new_privs). Of the needed ones it keeps what it has: which one is missing, the operation says. For the
/// calling thread and those that it starts later: call it while there is no other. Throws SetupError.
void drop_capabilities();

/// The same, and keeps none.
void drop_all_capabilities();

}  // namespace arpline
