// SPDX-License-Identifier: Apache-2.0
#include "kernel/pins.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thread>

#include "base/error.hpp"

namespace arpline {
namespace fs = std::filesystem;
namespace {

// A process that only tests a lock holds it for a moment, so one failure is not enough.
constexpr int kLockTries = 20;
constexpr std::chrono::milliseconds kLockPause{5};

bool is_bpffs(const std::string& path) {
  struct statfs info {};
  return statfs(path.c_str(), &info) == 0 && info.f_type == BPF_FS_MAGIC;
}

// Recommends a mount only when /sys/fs/bpf has no bpffs: a mount must not hide a folder's content.
std::string bpffs_remedy() {
  constexpr const char* kUsual = "/sys/fs/bpf";
  if (is_bpffs(kUsual)) return fmt::format("there is one at {0}: take a folder in it, {0}/arpline", kUsual);
  return fmt::format("mount the one at {0}: mount -t bpf bpf {0}", kUsual);
}

constexpr mode_t kOwnerOnly = 0700;
constexpr mode_t kOthersMayRead = 0755;
// A user who may write to the parent folder can win the race to make a folder, but not every time.
constexpr int kFolderTries = 10;

Fd open_folder(int where, const char* name) {
  return Fd{openat(where, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
}

bool is_ours(const struct stat& info) {
  return info.st_uid == geteuid();
}

void purge(const Fd& folder);

// Precondition: the folder is ours and others can no longer write to it.
void purge_one(const Fd& folder, const char* name) {
  struct stat info {};
  if (fstatat(folder.get(), name, &info, AT_SYMLINK_NOFOLLOW) != 0 || is_ours(info)) return;
  if (S_ISDIR(info.st_mode)) {
    const Fd below = open_folder(folder.get(), name);
    if (below && fchown(below.get(), geteuid(), getegid()) == 0 && fchmod(below.get(), kOwnerOnly) == 0)
      purge(below);
  }
  unlinkat(folder.get(), name, S_ISDIR(info.st_mode) ? AT_REMOVEDIR : 0);
}

// Removes the entries that are not ours.
void purge(const Fd& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries{fdopendir(dup(folder.get())), closedir};
  if (!entries) return;
  while (const auto* entry = readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  for (const auto& name : names) purge_one(folder, name.c_str());
}

// Returns true when there is a folder of ours with this mode in the end. Another user's folder is chowned
// first, so that its owner can do nothing more in it.
bool own_folder(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
    throw_errno("make folder " + path, errno, "run as root");
  const Fd folder = open_folder(AT_FDCWD, path.c_str());
  struct stat info {};
  if (!folder) {  // a file or a symbolic link; one that root has made is intended
    if (lstat(path.c_str(), &info) == 0 && !is_ours(info)) unlink(path.c_str());
    return false;
  }
  if (fstat(folder.get(), &info) != 0) throw_errno("look at folder " + path, errno);
  const bool others_could_write = !is_ours(info) || (info.st_mode & 0022) != 0;
  if (!is_ours(info) && fchown(folder.get(), geteuid(), getegid()) != 0)
    throw_errno("take over folder " + path, errno, "remove it");
  if ((!is_ours(info) || (info.st_mode & 07777 & ~mode) != 0) && fchmod(folder.get(), mode) != 0)
    throw_errno("take over folder " + path, errno, "remove it");
  if (others_could_write) purge(folder);
  struct stat there {};
  return lstat(path.c_str(), &there) == 0 && there.st_ino == info.st_ino && there.st_dev == info.st_dev;
}

// Repeats own_folder(): in a parent folder that all users can write to, another user may be faster.
void make_own_folder(const std::string& path, mode_t mode) {
  for (int tries = 0; tries < kFolderTries; ++tries)
    if (own_folder(path, mode)) return;
  throw SetupError(fmt::format("{}: not a folder of our own; remove it", path));
}

}  // namespace

std::string PinName::text() const {
  auto written = parent.raw();
  std::ranges::replace(written, '.', '_');  // bpffs refuses names with dots
  return fmt::format("{}@{}-{}", written, ifindex, netns_inode);
}

bool parse_pin_name(const std::string& text, PinName& name) {
  const auto at = text.rfind('@');
  const auto dash = text.find('-', at == std::string::npos ? 0 : at);
  if (at == std::string::npos || dash == std::string::npos) return false;
  name.parent = text.substr(0, at);
  const auto* end = text.data() + text.size();
  return std::from_chars(text.data() + at + 1, text.data() + dash, name.ifindex).ec == std::errc{} &&
         std::from_chars(text.data() + dash + 1, end, name.netns_inode).ec == std::errc{};
}

std::vector<std::string> names_in(const std::string& root) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    PinName name;
    if (parse_pin_name(entry.path().filename(), name)) names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

void prepare_pin_root(const std::string& root) {
  const auto above = fs::path(root).parent_path().string();
  if (!is_bpffs(fs::exists(root) ? root : above)) {
    throw SetupError(fmt::format("{}: not on a BPF file system; {}", root, bpffs_remedy()));
  }
  make_own_folder(root, kOwnerOnly);
}

std::string prepare_pin_folder(const std::string& root, const std::string& name) {
  auto folder = root + "/" + name;
  make_own_folder(folder, kOwnerOnly);
  return folder;
}

void prepare_run_root(const std::string& root) {
  std::error_code error;
  fs::create_directories(fs::path(root).parent_path(), error);
  if (error) throw_errno("make folder " + root, error.value(), "run as root");
  make_own_folder(root, kOthersMayRead);
}

std::vector<std::string> names_of_pins(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) names.push_back(entry.path().filename());
  return names;
}

void remove_pin_folder(const std::string& folder) noexcept {
  for (const auto& name : names_of_pins(folder)) unlink(fmt::format("{}/{}", folder, name).c_str());
  rmdir(folder.c_str());
}

void follow_rename(const std::string& pin_root, const std::string& run_root, const PinName& now) noexcept {
  for (const auto& text : names_in(pin_root)) {
    PinName before;
    if (text == now.text() || !parse_pin_name(text, before) || before.ifindex != now.ifindex ||
        before.netns_inode != now.netns_inode || is_locked(run_root, text) ||
        is_pin_locked(fmt::format("{}/{}", pin_root, text)))
      continue;
    std::error_code ignored;
    fs::rename(fmt::format("{}/{}", pin_root, text), fmt::format("{}/{}", pin_root, now.text()), ignored);
    remove_run_folder(run_root, text);
  }
}

// The folder may be removed between open and flock; a lock on a removed folder is worth nothing.
PinLock::PinLock(const std::string& folder) {
  for (int tries = 0;; ++tries) {
    struct stat ours {};
    struct stat there {};
    folder_ = open_folder(AT_FDCWD, folder.c_str());
    if (!folder_) throw_errno("open folder " + folder, errno);
    if (flock(folder_.get(), LOCK_EX | LOCK_NB) == 0 && fstat(folder_.get(), &ours) == 0 &&
        stat(folder.c_str(), &there) == 0 && ours.st_ino == there.st_ino)
      return;
    if (tries == kLockTries)
      throw SetupError(
          fmt::format("{}: another arplined serves this parent (the folder is locked); stop it first", folder));
    std::this_thread::sleep_for(kLockPause);
  }
}

bool is_pin_locked(const std::string& folder) {
  const Fd held = open_folder(AT_FDCWD, folder.c_str());
  return held && flock(held.get(), LOCK_EX | LOCK_NB) != 0;
}

ParentLock::ParentLock(const std::string& run_root, const std::string& name) : folder_(run_root + "/" + name) {
  for (int tries = 0; !try_lock(); ++tries) {
    if (tries == kLockTries) {
      throw SetupError(fmt::format("{}: another arplined serves this parent ({}/lock is locked); stop it first",
                                   name, folder_));
    }
    std::this_thread::sleep_for(kLockPause);
  }
}

// An owner that ends removes the file and the folder; a lock on a removed file is worth nothing.
bool ParentLock::try_lock() {
  make_own_folder(folder_, kOthersMayRead);
  const auto path = folder_ + "/lock";
  file_ = Fd{open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file_ && errno != ENOENT) throw_errno("open " + path, errno);
  struct stat ours {};
  struct stat there {};
  return file_ && flock(file_.get(), LOCK_EX | LOCK_NB) == 0 && fstat(file_.get(), &ours) == 0 &&
         stat(path.c_str(), &there) == 0 && ours.st_ino == there.st_ino;
}

ParentLock::~ParentLock() {
  unlink(socket_path().c_str());
  unlink((folder_ + "/lock").c_str());
  rmdir(folder_.c_str());
}

void remove_run_folder(const std::string& run_root, const std::string& name) noexcept {
  try {
    const ParentLock lock(run_root, name);
  } catch (const SetupError&) {
    return;  // another process holds it
  }
}

bool is_locked(const std::string& run_root, const std::string& name) {
  const Fd file{open((run_root + "/" + name + "/lock").c_str(), O_RDWR | O_CLOEXEC)};
  return file && flock(file.get(), LOCK_EX | LOCK_NB) != 0;
}

}  // namespace arpline
