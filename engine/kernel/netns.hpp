// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dirent.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/foreign_text.hpp"
#include "kernel/netlink.hpp"

namespace arpline {

/// A network namespace that can be opened by a name or through a process in it.
struct ReachableNetns {
  std::uint64_t inode = 0;  ///< of its nsfs file
  ForeignText path;         ///< of an nsfs mount; empty: none known
  std::vector<pid_t> pids;  ///< some processes in it, kMostPids at most; none are listed for the own namespace
  bool own = false;         ///< the calling thread's

  static constexpr std::size_t kMostPids = 8;
};

/// Where `ip netns` and the runtimes keep namespaces; those that exist now and those that may come.
const std::vector<std::string>& known_netns_folders();

/// The namespace that is mounted at `path`; nullopt: there is none, or not yet.
std::optional<ReachableNetns> netns_at(const std::string& path);

/// Goes through the processes of /proc, one at a time, so that it can be done in slices.
class ProcessNamespaces {
 public:
  struct Process {
    pid_t pid = 0;
    std::uint64_t netns_inode = 0;
  };

  /// Throws SetupError without /proc.
  ProcessNamespaces();
  /// The next one that may be looked at; nullopt at the end.
  std::optional<Process> next();

 private:
  struct CloseDir {
    void operator()(DIR* directory) const noexcept { closedir(directory); }
  };
  std::unique_ptr<DIR, CloseDir> proc_;
};

/// The inode of the calling thread's network namespace. Throws SetupError without /proc.
std::uint64_t own_netns_inode();

/// The calling thread's namespace first, then those in the known folders and in `more`, then those of
/// processes; each once. What vanishes meanwhile, or may not be looked at, is left out. Holds no descriptor
/// afterwards.
std::vector<ReachableNetns> reachable_netns(const std::vector<std::string>& more = {});

/// As a person knows it: "host", the name that `ip netns` gave it, "docker 0123456789ab" (the container's id)
/// or "pid 123 (comm)".
ForeignText netns_name(const ReachableNetns& netns);

/// Leaves out the processes that have ended or have gone elsewhere.
void forget_ended(ReachableNetns& netns);

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
