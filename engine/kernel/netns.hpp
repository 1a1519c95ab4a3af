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

/// A network namespace that can be opened by a path or through one of its processes.
struct ReachableNetns {
  std::uint64_t inode = 0;  ///< of the namespace's nsfs file
  ForeignText path;         ///< of an nsfs mount; empty: none is known
  std::vector<pid_t> pids;  ///< some of its processes, kMostPids at most; none for the own namespace
  bool own = false;         ///< it is the calling thread's namespace

  static constexpr std::size_t kMostPids = 8;
};

/// The folders where `ip netns` and the runtimes mount namespaces; a folder need not exist yet.
const std::vector<std::string>& known_netns_folders();

/// The namespace that is mounted at `path`; nullopt when there is none, or none yet.
std::optional<ReachableNetns> netns_at(const std::string& path);

/// Iterates over the processes of /proc and their namespaces. One call reads one process, so that the caller
/// can pause in between.
class ProcessNamespaces {
 public:
  struct Process {
    pid_t pid = 0;
    std::uint64_t netns_inode = 0;
  };

  /// Throws SetupError without /proc.
  ProcessNamespaces();
  /// The next process that may be read; nullopt at the end.
  std::optional<Process> next();

 private:
  struct CloseDir {
    void operator()(DIR* directory) const noexcept { closedir(directory); }
  };
  std::unique_ptr<DIR, CloseDir> proc_;
};

/// The inode of the calling thread's network namespace. Throws SetupError without /proc.
std::uint64_t own_netns_inode();

/// All namespaces, each once: the calling thread's first, then those in the known folders and in `more`, then
/// those of processes. Namespaces that vanish meanwhile or can't be read are left out. No descriptor stays
/// open.
std::vector<ReachableNetns> reachable_netns(const std::vector<std::string>& more = {});

/// The name for people: "host", the name given by `ip netns`, "docker 0123456789ab" (the container's id) or
/// "pid 123 (comm)".
ForeignText netns_name(const ReachableNetns& netns);

/// Removes the processes that have ended or have changed their namespace.
void forget_ended(ReachableNetns& netns);

/// Opens the namespace by its path or one of its processes, and verifies that it is still the same one; empty
/// when it is gone. An open descriptor keeps a dead container's namespace alive, so close it after one
/// operation.
Fd open_netns(const ReachableNetns& netns);

/// The id of the namespace `netns_fd` in the socket's namespace; assigns one if there is none yet. nullopt when
/// `netns_fd` is no network namespace. Throws SetupError without the privilege.
std::optional<int> nsid_of(Netlink& route, int netns_fd);

/// Runs `operation` inside the namespace: the calling thread enters it and returns. If the thread can't return,
/// the process ends, because it would go on in the wrong namespace. `operation` has to close all that it opens.
/// False when the namespace could not be entered. Throws SetupError without CAP_SYS_ADMIN, and the exceptions
/// of `operation`.
bool run_inside(int netns_fd, const std::function<void()>& operation);

/// Settings under net.ipv4.conf.all of one namespace.
struct NetnsArpSettings {
  int arp_ignore = 0;
  int rp_filter = 0;
};

/// Reads the settings inside the namespace, by run_inside(). nullopt when they can't be read. Throws SetupError
/// without CAP_SYS_ADMIN.
std::optional<NetnsArpSettings> arp_settings_of(int netns_fd);

/// The settings of the calling thread's namespace; nullopt when they can't be read.
std::optional<NetnsArpSettings> own_arp_settings();

}  // namespace arpline
