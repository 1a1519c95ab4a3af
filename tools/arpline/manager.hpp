// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arpline/foreign_files.hpp"
#include "base/foreign_text.hpp"

namespace arpline {

/// Who else looks after an interface.
enum class Manager { none, network_manager, systemd_networkd };

struct ManagedBy {
  Manager who = Manager::none;
  ForeignText network_file;  ///< systemd-networkd's file for the interface; may be empty
  bool keeps = false;        ///< the file says KeepConfiguration=yes: what networkd did not make stays
  int pid = 0;               ///< of a manager whose files are not this process's: no command here reaches it
};

/// Where the managers of one network namespace leave what they do to each interface: a root with /run below.
struct ManagerFolder {
  std::uint64_t netns_inode = 0;
  std::string root;  ///< of the manager's file system, as the caller reaches it
  int pid = 0;       ///< as ManagedBy's
};

/// The caller's own root for the initial namespace, if the caller is in it, then those of the managers that run
/// now, in whatever namespace. Throws SetupError without /proc.
std::vector<ManagerFolder> manager_folders();

/// Where a setting for the interfaces of a .network file stands that arpline asks for: the file itself may come
/// with a package.
ForeignText drop_in_of(const ForeignText& network_file);

/// What the state files say about an interface of that namespace.
ManagedBy managed_by(ForeignFiles& files, const std::vector<ManagerFolder>& folders, std::uint64_t netns_inode,
                     int ifindex);

}  // namespace arpline
