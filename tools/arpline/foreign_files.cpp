// SPDX-License-Identifier: Apache-2.0
#include "arpline/foreign_files.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <thread>

#include "base/error.hpp"
#include "kernel/capabilities.hpp"

namespace arpline {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr char kFound = '+';
constexpr char kNothing = '-';
constexpr milliseconds kToEnd{20};
constexpr int kQuestions = STDERR_FILENO + 1;  // the child's end of the socket pair

// Reads of some kernel files have side effects, and a container can mount a kernel file system at any path.
bool is_the_kernels(int fd) {
  constexpr std::array<long, 8> kTheirs{PROC_SUPER_MAGIC,   SYSFS_MAGIC,        DEBUGFS_MAGIC,
                                        TRACEFS_MAGIC,      BPF_FS_MAGIC,       SECURITYFS_MAGIC,
                                        CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC};
  struct statfs info {};
  if (fstatfs(fd, &info) != 0) return true;
  return std::ranges::find(kTheirs, static_cast<long>(info.f_type)) != kTheirs.end();
}

// An O_PATH descriptor, because opening a device can already have side effects.
Fd find(int root, const char* path) {
  open_how how{.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
               .mode = 0,
               .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  return Fd{static_cast<int>(syscall(SYS_openat2, root, path, &how, sizeof how))};
}

bool may_be_opened(int found) {
  struct stat info {};
  return fstat(found, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
         static_cast<std::size_t>(info.st_size) <= ForeignFiles::kMostBytes && !is_the_kernels(found);
}

// Opens the file behind the O_PATH descriptor; its name may denote another file by now.
Fd open_found(int found) {
  const auto name = "/proc/self/fd/" + std::to_string(found);
  return Fd{open(name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
}

// Reads one byte more than the limit, to detect a file that is too long.
std::optional<std::string> text_of(int fd) {
  std::string text(ForeignFiles::kMostBytes + 1, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const auto count = ::read(fd, text.data() + length, text.size() - length);
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    length += static_cast<std::size_t>(count);
  }
  if (length > ForeignFiles::kMostBytes) return std::nullopt;
  text.resize(length);
  return text;
}

std::optional<std::string> read_below(int root, const char* path) {
  const Fd found = find(root, path);
  if (!found || !may_be_opened(found.get())) return std::nullopt;
  const Fd file = open_found(found.get());
  return file ? text_of(file.get()) : std::nullopt;
}

// Closes all descriptors but one. A file system may block the child for ever, and a pipe that it inherited
// would then never see its end.
void keep_only(int questions) {
  const int kept = fcntl(questions, F_DUPFD_CLOEXEC, kQuestions);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing, standard);
  if (kept != kQuestions) dup3(kept, kQuestions, O_CLOEXEC);
  close_range(kQuestions + 1, UINT_MAX, 0);
}

// Runs in the child. Only the lookup of another process's root needs CAP_SYS_PTRACE; the files below it need no
// capability.
[[noreturn]] void answer_questions(int questions, const std::string& root) try {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  keep_only(questions);
  const Fd top{open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  drop_all_capabilities();
  std::array<char, PATH_MAX> path{};
  while (true) {
    const auto length = recv(kQuestions, path.data(), path.size() - 1, 0);
    if (length <= 0) std::_Exit(0);
    path.at(static_cast<std::size_t>(length)) = '\0';
    const auto text = top ? read_below(top.get(), path.data()) : std::nullopt;
    const auto reply = text ? kFound + *text : std::string{kNothing};
    if (send(kQuestions, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) std::_Exit(1);
  }
} catch (const std::exception&) {
  std::_Exit(1);
}

}  // namespace

ForeignFiles::~ForeignFiles() {
  end_child();
}

std::optional<std::string> ForeignFiles::read(const std::string& root, const std::string& path) {
  if (path.empty() || path.size() >= PATH_MAX || is_silent(root)) return std::nullopt;
  if (left_ == milliseconds{0}) {
    silent_.push_back(root);
    return std::nullopt;
  }
  start_child(root);
  if (send(questions_.get(), path.data(), path.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    end_child();
    return std::nullopt;
  }
  return answer();
}

bool ForeignFiles::is_silent(const std::string& root) const {
  return std::ranges::find(silent_, root) != silent_.end();
}

void ForeignFiles::start_child(const std::string& root) {
  if (child_ > 0 && root_ == root) return;
  end_child();
  std::array<int, 2> pair{-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0)
    throw_errno("make a pair of sockets", errno);
  Fd ours{pair[0]};
  const Fd theirs{pair[1]};
  child_ = fork();
  if (child_ < 0) throw_errno("start a process that reads files of containers", errno);
  if (child_ == 0) answer_questions(theirs.get(), root);
  root_ = root;
  questions_ = std::move(ours);
  left_here_ = kPatience;
}

std::optional<std::string> ForeignFiles::answer() {
  const auto began = steady_clock::now();
  pollfd waiting{.fd = questions_.get(), .events = POLLIN, .revents = 0};
  const int ready = poll(&waiting, 1, static_cast<int>(std::min(left_here_, left_).count()));
  const auto took = std::chrono::round<milliseconds>(steady_clock::now() - began);
  left_here_ = std::max(left_here_ - took, milliseconds{0});
  left_ = std::max(left_ - took, milliseconds{0});
  std::string reply(kMostBytes + 1, '\0');
  const auto length = ready == 1 ? recv(questions_.get(), reply.data(), reply.size(), MSG_DONTWAIT) : 0;
  if (length <= 0) {
    if (ready == 0) silent_.push_back(root_);
    end_child();
    return std::nullopt;
  }
  if (reply.front() != kFound) return std::nullopt;
  return reply.substr(1, static_cast<std::size_t>(length) - 1);
}

// A file system that does not answer can keep the child from ending. init adopts and reaps such a child once
// this process has ended.
void ForeignFiles::end_child() noexcept {
  questions_.reset();
  if (child_ <= 0) return;
  kill(child_, SIGKILL);
  for (milliseconds waited{0}; waited < kToEnd; ++waited) {
    if (waitpid(child_, nullptr, WNOHANG) != 0) break;
    std::this_thread::sleep_for(milliseconds{1});
  }
  child_ = -1;
}

}  // namespace arpline
