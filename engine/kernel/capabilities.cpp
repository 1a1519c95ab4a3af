// SPDX-License-Identifier: Apache-2.0
#include "kernel/capabilities.hpp"

#include <cap-ng.h>
#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>

#include "base/error.hpp"

namespace arpline {
namespace {

// The reasons are from tests that took away one capability at a time: each names the operations that failed.
// CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON.
constexpr std::array kNeeded{
    NeededCapability{CAP_NET_ADMIN, "attach and detach programs; give namespaces ids and dump them"},
    NeededCapability{CAP_NET_RAW, "AF_XDP and AF_PACKET sockets"},
    NeededCapability{CAP_NET_BROADCAST, "hear the netlink events of all namespaces"},
    NeededCapability{CAP_SYS_ADMIN, "enter a namespace (setns), load programs, open maps and programs by id"},
    NeededCapability{CAP_SYS_PTRACE, "/proc/PID/ns/net of processes with other users or capabilities", true},
    NeededCapability{CAP_IPC_LOCK, "the memory of the rings, beyond RLIMIT_MEMLOCK", true},
    NeededCapability{CAP_CHOWN, "the group of the control socket; folders that somebody else made first", true},
};

// Loads this process's capabilities into libcap-ng's state, which all its functions work on.
void read_own() {
  if (capng_get_caps_process() != 0) throw_errno("read the capabilities", errno, "mount /proc");
}

// Makes libcap-ng's state this thread's capabilities, irrevocably.
void apply(capng_select_t sets = CAPNG_SELECT_ALL) {
  if (const int error = capng_apply(sets); error != 0) {
    throw SetupError(fmt::format("give up capabilities: libcap-ng says {}; look at /proc/self/status", error));
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw_errno("set no_new_privs", errno);
}

}  // namespace

std::span<const NeededCapability> needed_capabilities() noexcept {
  return kNeeded;
}

std::string capability_name(const NeededCapability& needed) {
  const char* name = capng_capability_to_name(needed.capability);
  std::string text = name != nullptr ? name : std::to_string(needed.capability);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return "CAP_" + text;
}

std::vector<NeededCapability> missing_capabilities() {
  read_own();
  std::vector<NeededCapability> missing;
  for (const auto& needed : kNeeded)
    if (capng_have_capability(CAPNG_EFFECTIVE, needed.capability) == 0) missing.push_back(needed);
  return missing;
}

void drop_capabilities() {
  constexpr auto kSets = static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET);
  std::array<bool, kNeeded.size()> have{};
  read_own();
  for (std::size_t i = 0; i < have.size(); ++i) {
    have.at(i) = capng_have_capability(CAPNG_PERMITTED, kNeeded.at(i).capability) != 0;
  }
  capng_clear(CAPNG_SELECT_ALL);
  for (std::size_t i = 0; i < have.size(); ++i) {
    if (have.at(i)) capng_update(CAPNG_ADD, kSets, kNeeded.at(i).capability);
  }
  apply();
}

// Without CAP_SETPCAP the bounding set stays, which no_new_privs makes harmless; libcap-ng would complain of it
// on standard error.
void drop_all_capabilities() {
  constexpr auto kButBounds = static_cast<capng_select_t>(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT);
  read_own();
  const bool may_empty_bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
  capng_clear(CAPNG_SELECT_ALL);
  apply(may_empty_bounds ? CAPNG_SELECT_ALL : kButBounds);
}

}  // namespace arpline
