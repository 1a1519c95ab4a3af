// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace arpline {

/// A capability (CAP_*, linux/capability.h) that the daemon can't do without, and what for.
struct NeededCapability {
  unsigned capability = 0;
  const char* why = nullptr;
};

/// All of them; docs/privileges.md says the same.
std::span<const NeededCapability> needed_capabilities() noexcept;

/// Gives up all other capabilities for good, in the bounding set too, and the right to get any by exec
/// (no_new_privs). Of the needed ones it keeps what it has: which one is missing, the operation says. For the
/// calling thread and those that it starts later: call it while there is no other. Throws SetupError.
void drop_capabilities();

/// The same, and keeps none.
void drop_all_capabilities();

}  // namespace arpline
