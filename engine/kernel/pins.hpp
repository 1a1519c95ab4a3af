// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/foreign_text.hpp"

namespace arpline {

/// The name of a parent's folders for pins and for lock and control socket: `<parent, '.' written
/// '_'>@<ifindex>-<netns>`.
struct PinName {
  ForeignText parent;
  int ifindex = 0;
  std::uint64_t netns_inode = 0;

  std::string text() const;
};

/// Parses such a name; the parent's '.' stays '_'. False for any other text.
bool parse_pin_name(const std::string& text, PinName& name);

/// The names below a root (of pins or of run files); empty when the root does not exist.
std::vector<std::string> names_in(const std::string& root);

/// Makes the pin root if it is missing, and refuses a file system that is not bpffs with a remedy. The root and
/// the parents' folders have to be ours, with mode 0700: another user's folder is taken over, and other users'
/// entries in it are removed. Throws SetupError.
void prepare_pin_root(const std::string& root);
/// Makes a parent's folder below the pin root by the same rules; returns its path.
std::string prepare_pin_folder(const std::string& root, const std::string& name);
/// Makes the root of the locks and control sockets by the same rules, with mode 0755.
void prepare_run_root(const std::string& root);

/// The names of all pins in a parent's folder, of any version.
std::vector<std::string> names_of_pins(const std::string& folder);

/// Renames the pins of an earlier run to the interface's present name, unless another daemon serves them. Never
/// throws.
void follow_rename(const std::string& pin_root, const std::string& run_root, const PinName& now) noexcept;

/// Removes a folder of pins, which detaches links that only their pin keeps. Never throws.
void remove_pin_folder(const std::string& folder) noexcept;

/// Locks a parent's folder of pins for the lifetime of the object, so that one daemon serves the parent
/// whatever its run root is. Throws SetupError when another process holds the lock.
class PinLock {
 public:
  explicit PinLock(const std::string& folder);

 private:
  Fd folder_;
};

/// Whether a process holds the lock of this folder.
bool is_pin_locked(const std::string& folder);

/// Locks a parent's folder in the run root for the lifetime of the object. Throws SetupError when another
/// process holds the lock.
class ParentLock {
 public:
  ParentLock(const std::string& run_root, const std::string& name);
  ParentLock(const ParentLock&) = delete;
  ParentLock& operator=(const ParentLock&) = delete;
  ~ParentLock();
  const std::string& folder() const noexcept { return folder_; }
  std::string socket_path() const { return folder_ + "/control.sock"; }

 private:
  bool try_lock();

  std::string folder_;
  Fd file_;
};

/// Removes the lock and the socket that a killed owner has left; does nothing while a process holds the lock.
/// Never throws.
void remove_run_folder(const std::string& run_root, const std::string& name) noexcept;

/// Whether a process holds the lock.
bool is_locked(const std::string& run_root, const std::string& name);

}  // namespace arpline
