// SPDX-License-Identifier: Apache-2.0
#include "base/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"

namespace arpline {
namespace {

constexpr mode_t kPermissions = 0777;
constexpr mode_t kNewFile = 0666;

mode_t mode_of_a_new_file() {
  const mode_t mask = umask(0);
  umask(mask);
  return kNewFile & ~mask;
}

// The path that the kernel has for an open file.
std::string name_of(int fd) {
  const auto link = "/proc/self/fd/" + std::to_string(fd);
  std::string name(PATH_MAX, '\0');
  const auto length = readlink(link.c_str(), name.data(), name.size());
  if (length < 0) throw_errno("look at " + link, errno, "mount /proc");
  name.resize(static_cast<std::size_t>(length));
  return name;
}

}  // namespace

// An existing file is opened first, without truncation, so that the kernel applies permissions and
// protected_symlinks.
OutputFile::OutputFile(std::string path) : path_(std::move(path)), target_(path_) {
  Fd there{open(path_.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC)};
  if (!there && errno != ENOENT) throw_errno("write " + path_, errno);
  mode_t mode = mode_of_a_new_file();
  struct stat info {};
  const bool known = there && fstat(there.get(), &info) == 0;
  if (known && S_ISREG(info.st_mode)) {
    target_ = name_of(there.get());
    mode = info.st_mode & kPermissions;
  }
  if (!known || S_ISREG(info.st_mode)) {
    there.reset(open_beside());
    fchmod(there.get(), mode);
  }
  file_.reset(fdopen(there.get(), "wb"));
  if (!file_) throw_errno("write " + path_, errno);
  there.release();
}

int OutputFile::open_beside() {
  beside_ = (std::filesystem::path{target_}.parent_path() / ".arpline-XXXXXX").string();
  const int fd = mkostemp(beside_.data(), O_CLOEXEC);
  if (fd >= 0) return fd;
  const int error = errno;
  beside_.clear();
  throw_errno("write " + path_ + ": make a file beside it", error);
}

OutputFile::~OutputFile() {
  if (!beside_.empty()) unlink(beside_.c_str());
}

void OutputFile::commit() {
  flush(file_.get(), path_);
  if (std::fclose(file_.release()) != 0) throw_errno("write " + path_, errno);
  if (beside_.empty()) return;
  if (rename(beside_.c_str(), target_.c_str()) != 0) throw_errno("write " + path_ + ": rename", errno);
  beside_.clear();
}

bool is_same_file(int fd, const std::string& path) noexcept {
  struct stat open_one {};
  struct stat named {};
  return fstat(fd, &open_one) == 0 && stat(path.c_str(), &named) == 0 && open_one.st_dev == named.st_dev &&
         open_one.st_ino == named.st_ino;
}

void flush(FILE* file, const std::string& name) {
  const bool failed = std::ferror(file) != 0;
  const int error = std::fflush(file) == 0 ? 0 : errno;
  std::clearerr(file);  // an error is reported once
  if (error != 0) throw_errno("write " + name, error);
  if (failed) throw SetupError("write " + name + ": not all of it could be written; is the disk full?");
}

void finish_stdout() {
  flush(stdout, "standard output");
}

}  // namespace arpline
