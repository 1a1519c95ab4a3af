// SPDX-License-Identifier: Apache-2.0
#include "port/ethdev_eal.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <regex>
#include <sstream>
#include <string_view>

#include "base/error.hpp"
#include "base/fd.hpp"

namespace arpline {
namespace {

bool has_any(const std::vector<std::string>& arguments, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(arguments, [&](const std::string& one) {
    return std::ranges::any_of(names, [&](std::string_view name) {
      // Also in the forms "--lcores=0" and "-l0".
      return one == name || one.starts_with(std::string{name} + "=") ||
             (name.size() == 2 && one.starts_with(name));
    });
  });
}

bool has_free_huge_pages() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  std::uint64_t value = 0;
  for (std::string line; std::getline(file, line);)
    if (std::istringstream(line) >> key >> value && key == "HugePages_Free:") return value > 0;
  return false;
}

// "0000:03:00.0" or "03:00.0", with or without arguments.
bool is_pci(const std::string& device) {
  static const std::regex kAddress("([0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7](,.*)?");
  return std::regex_match(device, kAddress);
}

std::string first_cpu(const cpu_set_t& cpus) {
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &cpus)) return std::to_string(cpu);
  return "0";
}

// Captures stdout and stderr: the EAL prints its errors and its usage there.
class CapturedOutput {
 public:
  CapturedOutput() : file_(memfd_create("eal", MFD_CLOEXEC)) {
    std::fflush(nullptr);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      kept_.at(i) = Fd{dup(static_cast<int>(i) + STDOUT_FILENO)};
      if (file_) dup2(file_.get(), static_cast<int>(i) + STDOUT_FILENO);
    }
  }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;
  ~CapturedOutput() { end(); }

  std::string end() {
    std::fflush(nullptr);
    for (std::size_t i = 0; i < kept_.size(); ++i)
      if (kept_.at(i)) dup2(kept_.at(i).get(), static_cast<int>(i) + STDOUT_FILENO);
    kept_ = {};
    std::string text(kMostBytes, '\0');
    const auto length = file_ ? pread(file_.get(), text.data(), text.size(), 0) : 0;
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    return text;
  }

 private:
  static constexpr std::size_t kMostBytes = 65536;
  Fd file_;
  std::array<Fd, 2> kept_;
};

// Blocks all signals while the EAL starts its threads, which inherit the mask.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// The error lines of the EAL's output, without its usage.
std::string reason_in(const std::string& text) {
  std::string reason;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool is_error =
        std::ranges::any_of(std::array{"nvalid", "nrecognized", "annot", "rror", "ailed", "No such"},
                            [&](const char* word) { return line.find(word) != std::string::npos; });
    if (!is_error || line.starts_with(' ') || line.find("FATAL") != std::string::npos ||
        reason.find(line) != std::string::npos)
      continue;
    reason += (reason.empty() ? "" : "; ") + line;
  }
  return reason;
}

}  // namespace

std::vector<std::string> default_eal_arguments(const std::vector<std::string>& arguments,
                                               const std::vector<std::string>& devices, bool huge_pages) {
  std::vector<std::string> all;
  if (!has_any(arguments, {"--file-prefix"})) all.emplace_back("--file-prefix=arpline");
  // arpline shares nothing with other DPDK processes. --in-memory works with huge pages only.
  if (huge_pages) {
    if (!has_any(arguments, {"--in-memory", "--no-huge"})) all.emplace_back("--in-memory");
  } else if (!has_any(arguments, {"--no-huge", "--in-memory"})) {
    all.insert(all.end(), {"--no-huge", "--no-shconf"});
    if (!has_any(arguments, {"-m"})) all.emplace_back("-m512");
  }
  // By default DPDK takes every PCI device that it has a driver for, the host's NICs among them.
  if (has_any(arguments, {"-a", "--allow", "-b", "--block", "--no-pci"})) return all;
  const auto before = all.size();
  for (const auto& device : devices)
    if (is_pci(device)) all.push_back("--allow=" + device);
  if (all.size() > before) return all;
  all.emplace_back("--no-pci");
  // With physical addresses a pool may not be contiguous; only hardware needs them.
  if (!has_any(arguments, {"--iova-mode"})) all.emplace_back("--iova-mode=va");
  return all;
}

Eal::Eal(const std::vector<std::string>& arguments, const std::vector<std::string>& devices) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus);
  auto words = default_eal_arguments(arguments, devices, has_free_huge_pages());
  words.insert(words.begin(), "arplined-dpdk");
  if (!has_any(arguments, {"-l", "-c", "-s", "--lcores"})) words.push_back("-l" + first_cpu(cpus));
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  // systemd may set a list of folders here, which DPDK would use as one path.
  unsetenv("RUNTIME_DIRECTORY");
  const BlockedSignals blocked;
  CapturedOutput output;
  const int result = rte_eal_init(static_cast<int>(words.size()), argv.data());
  const auto text = output.end();
  pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);  // rte_eal_init() has pinned the thread
  if (result < 0) {
    throw SetupError(fmt::format("start DPDK's EAL: {} ({}); see `eal` in the configuration", reason_in(text),
                                 rte_strerror(rte_errno)));
  }
  std::fputs(text.c_str(), stderr);
}

Eal::~Eal() {
  rte_eal_cleanup();
}

}  // namespace arpline
