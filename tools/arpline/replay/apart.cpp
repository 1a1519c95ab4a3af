// SPDX-License-Identifier: Apache-2.0
#include "arpline/replay/apart.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>

#include "base/error.hpp"
#include "base/foreign_text.hpp"
#include "base/output.hpp"
#include "kernel/capabilities.hpp"

namespace arpline::replay {
namespace {

constexpr uid_t kNobody = 65534;
constexpr std::array kEndingSignals{SIGINT, SIGTERM, SIGHUP};

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kEndingSignals) sigaddset(&set, number);
  return set;
}

void let_in_ending_signals() {
  const auto set = ending_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

// I/O on open descriptors, memory and exit. malloc calls mprotect and madvise.
constexpr std::array kAllowed{
    SCMP_SYS(read),         SCMP_SYS(readv),         SCMP_SYS(write),   SCMP_SYS(writev),
    SCMP_SYS(lseek),        SCMP_SYS(close),         SCMP_SYS(fstat),   SCMP_SYS(newfstatat),
    SCMP_SYS(statx),        SCMP_SYS(brk),           SCMP_SYS(mmap),    SCMP_SYS(munmap),
    SCMP_SYS(mremap),       SCMP_SYS(mprotect),      SCMP_SYS(madvise), SCMP_SYS(futex),
    SCMP_SYS(getrandom),    SCMP_SYS(clock_gettime), SCMP_SYS(exit),    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask)};

void install_seccomp_filter() {
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter{seccomp_init(SCMP_ACT_ERRNO(EPERM)),
                                                                seccomp_release};
  int error = filter ? 0 : -ENOMEM;
  for (const int call : kAllowed)
    if (error == 0) error = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0);
  // isatty() on the output.
  if (error == 0)
    error = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TCGETS));
  if (error == 0) error = seccomp_load(filter.get());
  if (error != 0) throw_errno("give up system calls", -error, "a kernel with CONFIG_SECCOMP_FILTER");
}

// Changes root's user ID as well, because root without capabilities still owns root's files.
void become_nobody() {
  if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setresgid(kNobody, kNobody, kNobody) != 0 ||
                         setresuid(kNobody, kNobody, kNobody) != 0))
    throw_errno("become nobody", errno, "allow CAP_SETUID and CAP_SETGID, or run it as an ordinary user");
  drop_all_capabilities();
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // last, because a change of user ID clears this setting
  install_seccomp_filter();
}

[[noreturn]] void work_and_end(const std::function<int()>& work) {
  int code = 1;
  for (const int number : kEndingSignals) std::signal(number, SIG_DFL);
  let_in_ending_signals();
  try {
    become_nobody();
    code = work();
    finish_stdout();
  } catch (const std::exception& error) {
    code = 1;
    std::fflush(stdout);
    fmt::print(stderr, "arpline: {}\n", visible_line(error.what()));
  }
  std::_Exit(code);
}

pid_t worker = -1;

// A signal that ends the parent is for the worker too; the parent then removes the unfinished output file.
void forward_signal(int number) {
  if (worker > 0) kill(worker, number);
}

}  // namespace

HeldSignals::HeldSignals() noexcept {
  const auto set = ending_signals();
  sigprocmask(SIG_BLOCK, &set, &before_);
}

HeldSignals::~HeldSignals() {
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int run_apart(const std::function<int()>& work) {
  std::fflush(stdout);
  const HeldSignals held;
  worker = fork();
  if (worker < 0) throw_errno("start a process that reads the capture", errno);
  if (worker == 0) work_and_end(work);
  for (const int number : kEndingSignals) std::signal(number, forward_signal);
  let_in_ending_signals();
  int status = 0;
  while (waitpid(worker, &status, 0) < 0)
    if (errno != EINTR) throw_errno("wait for the process that reads the capture", errno);
  worker = -1;  // its number may be another process's now
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  throw SetupError(
      fmt::format("the process that reads the capture was ended: {}", strsignal(WTERMSIG(status))));
}

}  // namespace arpline::replay
