// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

namespace arpline {

/// A capability (CAP_*, linux/capability.h) that the daemon needs, with the reason.
struct NeededCapability {
  unsigned capability = 0;
  const char* why = nullptr;
  bool starts_without = false;  ///< it starts without; later operations or some configurations fail
};

/// All needed capabilities; docs/privileges.md lists the same.
std::span<const NeededCapability> needed_capabilities() noexcept;

/// "CAP_NET_ADMIN"
std::string capability_name(const NeededCapability& needed);

/// Needed capabilities that are not in this process's effective set. Throws SetupError.
std::vector<NeededCapability> missing_capabilities();

/// Gives up all other capabilities for good, also in the bounding set, and the right to gain any by exec
/// (no_new_privs). A needed capability that is missing already is no error here: the operation that needs it
/// reports it. Affects the calling thread and the threads that it starts later, so it must be called while
/// there is only one. Throws SetupError.
void drop_capabilities();

/// As drop_capabilities(), but keeps no capability.
void drop_all_capabilities();

}  // namespace arpline
