// SPDX-License-Identifier: Apache-2.0
#include "kernel/pins.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>

#include "base/error.hpp"

namespace arpline {
namespace fs = std::filesystem;
namespace {

// Whoever looks whether a lock is held holds it for a moment: once is not enough to be refused.
constexpr int kLockTries = 20;
constexpr std::chrono::milliseconds kLockPause{5};

bool is_bpffs(const std::string& path) {
  struct statfs info {};
  return statfs(path.c_str(), &info) == 0 && info.f_type == BPF_FS_MAGIC;
}

// Others could have made the folder first, in a root that everybody may write to.
void make_private_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    throw_errno("make folder " + path, errno, "run as root");
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) throw_errno("look at folder " + path, errno);
  if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 0077) != 0) {
    throw SetupError(fmt::format("{}: not a folder of our own with mode 0700; remove it", path));
  }
}

}  // namespace

std::string PinName::text() const {
  auto written = parent;
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
    throw SetupError(fmt::format("{}: not on a BPF file system; mount one: mount -t bpf bpf {}", root, above));
  }
  make_private_folder(root);
}

std::string prepare_pin_folder(const std::string& root, const std::string& name) {
  auto folder = root + "/" + name;
  make_private_folder(folder);
  return folder;
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
        before.netns_inode != now.netns_inode || is_locked(run_root, text))
      continue;
    std::error_code ignored;
    fs::rename(fmt::format("{}/{}", pin_root, text), fmt::format("{}/{}", pin_root, now.text()), ignored);
    remove_run_folder(run_root, text);
  }
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

// An owner that is just leaving removes file and folder: a lock on a removed file is none.
bool ParentLock::try_lock() {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw_errno("make folder " + folder_, error.value(), "run as root");
  const auto path = folder_ + "/lock";
  file_ = Fd{open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)};
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
    const ParentLock owned_for_a_moment(run_root, name);
  } catch (const SetupError&) {
    return;  // somebody's
  }
}

bool is_locked(const std::string& run_root, const std::string& name) {
  const Fd file{open((run_root + "/" + name + "/lock").c_str(), O_RDWR | O_CLOEXEC)};
  return file && flock(file.get(), LOCK_EX | LOCK_NB) != 0;
}

}  // namespace arpline
