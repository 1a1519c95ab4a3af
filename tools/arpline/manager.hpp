// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arpline/foreign_files.hpp"
#include "base/foreign_text.hpp"

namespace arpline {

/// Another program that configures an interface.
enum class Manager { none, network_manager, systemd_networkd };

struct ManagedBy {
  Manager who = Manager::none;
  ForeignText network_file;  ///< systemd-networkd's file for the interface; may be empty
  bool keeps = false;  ///< the file has KeepConfiguration=yes: networkd leaves foreign configuration in place
  int pid = 0;  ///< of a manager with another root, which no command from here reaches; 0: the caller's root
};

/// The state files of one namespace's managers: a root folder with /run below it.
struct ManagerFolder {
  std::uint64_t netns_inode = 0;
  std::string root;  ///< the manager's root folder, as a path of the caller
  int pid = 0;       ///< as in ManagedBy
};

/// The caller's own root for the initial namespace, if the caller is in it, then the roots of all managers that
/// run now, in any namespace. Throws SetupError without /proc.
std::vector<ManagerFolder> manager_folders();

/// The drop-in file to put a setting into that arpline recommends for a .network file's interfaces; the
/// .network file itself may belong to a package.
ForeignText drop_in_of(const ForeignText& network_file);

/// The state of an interface of that namespace, by the managers' state files.
ManagedBy managed_by(ForeignFiles& files, const std::vector<ManagerFolder>& folders, std::uint64_t netns_inode,
                     int ifindex);

}  // namespace arpline
