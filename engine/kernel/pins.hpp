// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/foreign_text.hpp"

namespace arpline {

/// The name under which a parent's pins, lock and control socket are found: `<parent, '.' written
/// '_'>@<ifindex>-<netns>`.
struct PinName {
  ForeignText parent;
  int ifindex = 0;
  std::uint64_t netns_inode = 0;

  std::string text() const;
};

/// Reads a name back; the parent's '.' stays written as '_'. False when it is none.
bool parse_pin_name(const std::string& text, PinName& name);

/// The names below a root (pins or run files); empty when there is no such folder.
std::vector<std::string> names_in(const std::string& root);

/// Refuses a pin root whose file system is not bpffs, with what to do instead; makes it when it is missing.
/// It and the parents' folders are ours and mode 0700: what somebody else has made at their place is taken
/// over, and what others have put into it is removed. Throws SetupError.
void prepare_pin_root(const std::string& root);
/// The same for a parent's folder below it; returns its path.
std::string prepare_pin_folder(const std::string& root, const std::string& name);
/// The same for the folder of locks and control sockets, which others may look into.
void prepare_run_root(const std::string& root);

/// What is pinned in a parent's folder, by whatever version.
std::vector<std::string> names_of_pins(const std::string& folder);

/// What an earlier run has pinned for this interface under a name that it no longer has goes by its new name
/// from now on, unless another daemon serves it. Never throws.
void follow_rename(const std::string& pin_root, const std::string& run_root, const PinName& now) noexcept;

/// Removes a folder of pins; what is attached only by a pin is detached by that. Never throws.
void remove_pin_folder(const std::string& folder) noexcept;

/// Who serves a parent holds its folder of pins for as long as the object lives, whatever its run root. Throws
/// SetupError when somebody else does.
class PinLock {
 public:
  explicit PinLock(const std::string& folder);

 private:
  Fd folder_;
};

/// Whether somebody holds the folder now.
bool is_pin_locked(const std::string& folder);

/// Who serves a parent holds its lock for as long as the object lives. Throws SetupError when somebody else
/// does.
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

/// Removes what a killed owner left of its lock and socket; nothing while somebody holds the lock. Never
/// throws.
void remove_run_folder(const std::string& run_root, const std::string& name) noexcept;

/// Whether somebody holds the lock now.
bool is_locked(const std::string& run_root, const std::string& name);

}  // namespace arpline
