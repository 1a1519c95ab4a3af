// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "kernel/netlink.hpp"

namespace arpline {

/// A network namespace that can be opened by a name or through a process in it.
struct ReachableNetns {
  std::uint64_t inode = 0;  ///< of its nsfs file
  std::string file;         ///< file name in /run/netns; empty: none
  std::vector<pid_t> pids;  ///< processes in it, in the order of /proc; none are listed for the own namespace
  bool own = false;         ///< the calling thread's
};

/// The inode of the calling thread's network namespace. Throws SetupError without /proc.
std::uint64_t own_netns_inode();

/// The calling thread's namespace first, then those in /run/netns, then those of processes; each once.
/// What vanishes meanwhile, or may not be looked at, is left out. Holds no descriptor afterwards.
std::vector<ReachableNetns> reachable_netns();

/// "host", the file name in /run/netns, or "pid 123 (comm)".
std::string netns_name(const ReachableNetns& netns);

/// Opens the namespace by any of its ways, checking that it is still the same one; empty when it is gone.
/// An open descriptor keeps a dead container alive: close it after one operation.
Fd open_netns(const ReachableNetns& netns);

/// The id by which the socket's namespace knows that of `netns_fd`, assigned now if there is none yet.
/// nullopt: not a network namespace. Throws SetupError without the privilege.
std::optional<int> nsid_of(Netlink& route, int netns_fd);

/// Runs `operation` inside the namespace: the calling thread goes there and comes back. A thread that cannot
/// come back would work on the wrong namespace, so that ends the process. What `operation` opens in there it
/// closes again. False: not entered. Throws SetupError without CAP_SYS_ADMIN, and what `operation` throws.
bool run_inside(int netns_fd, const std::function<void()>& operation);

/// net.ipv4.conf.all of one namespace.
struct NetnsArpSettings {
  int arp_ignore = 0;
  int rp_filter = 0;
};

/// Reads them inside the namespace: the calling thread goes there and comes back. A thread that cannot come
/// back would work on the wrong namespace, so that ends the process. nullopt: cannot be read. Throws SetupError
/// without CAP_SYS_ADMIN.
std::optional<NetnsArpSettings> arp_settings_of(int netns_fd);

/// The same for the calling thread's own namespace, without going anywhere.
std::optional<NetnsArpSettings> own_arp_settings();

}  // namespace arpline
