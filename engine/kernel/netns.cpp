// SPDX-License-Identifier: Apache-2.0
#include "kernel/netns.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"

namespace arpline {
namespace {

constexpr const char* kOwn = "/proc/thread-self/ns/net";
constexpr std::string_view kNamed = "/run/netns/";

struct stat own_stat() {
  struct stat status {};
  if (stat(kOwn, &status) != 0) throw_errno(kOwn, errno, "mount /proc");
  return status;
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

// The link reads "net:[4026531840]".
std::optional<std::uint64_t> inode_of_process(int proc_fd, const char* pid) {
  char path[32];
  char text[48];
  if (std::snprintf(path, sizeof path, "%s/ns/net", pid) >= static_cast<int>(sizeof path)) return std::nullopt;
  const auto length = readlinkat(proc_fd, path, text, sizeof text);
  constexpr std::string_view prefix = "net:[";
  if (length <= 0) return std::nullopt;
  const std::string_view link{text, static_cast<std::size_t>(length)};
  if (!link.starts_with(prefix)) return std::nullopt;
  return parse_number<std::uint64_t>(link.substr(prefix.size()));
}

class Enumeration {
 public:
  std::vector<ReachableNetns> run(const std::vector<std::string>& more) {
    const auto own = own_netns_inode();
    add(own).own = true;
    for (const auto* folders : {&known_netns_folders(), &more})
      for (const auto& folder : *folders) add_mounted(folder);
    ProcessNamespaces processes;
    while (const auto process = processes.next()) {
      if (process->netns_inode == own) continue;
      auto& pids = add(process->netns_inode).pids;
      if (pids.size() < ReachableNetns::kMostPids) pids.push_back(process->pid);
    }
    return std::move(found_);
  }

 private:
  ReachableNetns& add(std::uint64_t inode) {
    const auto [at, fresh] = index_.try_emplace(inode, found_.size());
    if (fresh) found_.push_back({.inode = inode});
    return found_[at->second];
  }

  void add_mounted(const std::string& folder) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      const auto netns = netns_at(entry.path());
      if (!netns) continue;
      ReachableNetns& known = add(netns->inode);
      if (known.path.empty()) known.path = netns->path;
    }
  }

  std::vector<ReachableNetns> found_;
  std::unordered_map<std::uint64_t, std::size_t> index_;
};

std::string read_line(int directory, const char* path) {
  const Fd file{openat(directory, path, O_RDONLY | O_CLOEXEC)};
  char text[64];
  const auto length = file ? read(file.get(), text, sizeof text) : -1;
  if (length <= 0) return {};
  const std::string_view line{text, static_cast<std::size_t>(length)};
  return std::string{line.substr(0, line.find('\n'))};
}

// The runtimes name a container's cgroup by its id of 64 hexadecimal digits; `docker ps` shows the first 12.
std::string container_of(pid_t pid) {
  constexpr std::size_t kIdDigits = 64;
  constexpr std::size_t kShownDigits = 12;
  std::ifstream file{fmt::format("/proc/{}/cgroup", pid)};
  for (std::string line; std::getline(file, line);) {
    std::size_t digits = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      digits = std::isxdigit(static_cast<unsigned char>(line[i])) != 0 ? digits + 1 : 0;
      if (digits < kIdDigits) continue;
      const auto* runtime = line.find("libpod") != std::string::npos   ? "podman"
                            : line.find("docker") != std::string::npos ? "docker"
                                                                       : "container";
      return fmt::format("{} {}", runtime, std::string_view{line}.substr(i + 1 - kIdDigits, kShownDigits));
    }
  }
  return {};
}

Fd open_same(const std::string& path, std::uint64_t inode) {
  Fd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0 || status.st_ino != inode) return {};
  return fd;
}

// Returns the thread to its own namespace at the end of the scope.
class ReturnHome {
 public:
  explicit ReturnHome(int home) noexcept : home_(home) {}
  ReturnHome(const ReturnHome&) = delete;
  ReturnHome& operator=(const ReturnHome&) = delete;
  ~ReturnHome() {
    if (setns(home_, CLONE_NEWNET) == 0) return;
    std::perror("arpline: cannot return to its own network namespace");
    std::terminate();
  }

 private:
  int home_;
};

// NETNSA_NSID is -1 when the namespace has no id here.
int get_nsid(Netlink& route, int netns_fd, int& nsid) {
  NetlinkRequest request{RTM_GETNSID};
  request.header<rtgenmsg>().rtgen_family = AF_UNSPEC;
  request.put_u32(NETNSA_FD, static_cast<std::uint32_t>(netns_fd));
  return route.try_request(request, [&nsid](const nlmsghdr& message) {
    for_each_attribute(message, sizeof(rtgenmsg), [&nsid](const nlattr& attribute, int type) {
      if (type == NETNSA_NSID)
        nsid = static_cast<int>(attribute_u32(attribute).value_or(static_cast<std::uint32_t>(-1)));
    });
  });
}

int assign_nsid(Netlink& route, int netns_fd) {
  NetlinkRequest request{RTM_NEWNSID};
  request.header<rtgenmsg>().rtgen_family = AF_UNSPEC;
  request.put_u32(NETNSA_FD, static_cast<std::uint32_t>(netns_fd));
  request.put_u32(NETNSA_NSID, static_cast<std::uint32_t>(-1));
  return route.try_request(request);
}

}  // namespace

std::uint64_t own_netns_inode() {
  return own_stat().st_ino;
}

const std::vector<std::string>& known_netns_folders() {
  static const std::vector<std::string> kFolders{"/run/netns", "/run/docker/netns"};
  return kFolders;
}

// The kernel has one nsfs, so its device number distinguishes a namespace from a left-over file.
std::optional<ReachableNetns> netns_at(const std::string& path) {
  struct stat status {};
  static const dev_t nsfs = own_stat().st_dev;
  if (stat(path.c_str(), &status) != 0 || status.st_dev != nsfs) return std::nullopt;
  return ReachableNetns{.inode = status.st_ino, .path = path};
}

ProcessNamespaces::ProcessNamespaces() : proc_(opendir("/proc")) {
  if (!proc_) throw_errno("/proc", errno, "mount /proc");
}

std::optional<ProcessNamespaces::Process> ProcessNamespaces::next() {
  while (const dirent* entry = readdir(proc_.get())) {
    const auto pid = parse_number<pid_t>(entry->d_name);
    if (!pid) continue;
    if (const auto inode = inode_of_process(dirfd(proc_.get()), entry->d_name))
      return Process{.pid = *pid, .netns_inode = *inode};
  }
  return std::nullopt;
}

std::vector<ReachableNetns> reachable_netns(const std::vector<std::string>& more) {
  return Enumeration{}.run(more);
}

ForeignText netns_name(const ReachableNetns& netns) {
  if (netns.own) return "host";
  auto file = std::filesystem::path(netns.path.raw()).filename().string();
  // A name that a person chose; runtimes choose random names with these prefixes.
  if (netns.path.raw().starts_with(kNamed) && !file.starts_with("netns-") && !file.starts_with("cni-"))
    return file;
  for (const pid_t pid : netns.pids)
    if (auto container = container_of(pid); !container.empty()) return container;
  if (!file.empty()) return file;
  if (netns.pids.empty()) return fmt::format("net:[{}]", netns.inode);
  const pid_t pid = netns.pids.front();
  const std::string comm = read_line(AT_FDCWD, fmt::format("/proc/{}/comm", pid).c_str());
  return comm.empty() ? fmt::format("pid {}", pid) : fmt::format("pid {} ({})", pid, comm);
}

void forget_ended(ReachableNetns& netns) {
  std::erase_if(netns.pids, [&](pid_t pid) {
    return inode_of_process(AT_FDCWD, fmt::format("/proc/{}", pid).c_str()) != netns.inode;
  });
}

Fd open_netns(const ReachableNetns& netns) {
  if (netns.own) return open_same(kOwn, netns.inode);
  if (!netns.path.empty())
    if (Fd fd = open_same(netns.path.raw(), netns.inode)) return fd;
  // Tries all processes: a short-lived one may have ended while others keep the namespace.
  for (const pid_t pid : netns.pids)
    if (Fd fd = open_same(fmt::format("/proc/{}/ns/net", pid), netns.inode)) return fd;
  return {};
}

std::optional<int> nsid_of(Netlink& route, int netns_fd) {
  // Another process may assign or drop an id between the two requests, so both are repeated.
  for (int i = 0; i < 3; ++i) {
    int nsid = -1;
    if (get_nsid(route, netns_fd, nsid) != 0) return std::nullopt;
    if (nsid >= 0) return nsid;
    const int error = assign_nsid(route, netns_fd);
    if (error == EPERM)
      throw_errno("giving a network namespace an id", error, "run as root or with CAP_NET_ADMIN");
    if (error != 0 && error != EEXIST) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<NetnsArpSettings> own_arp_settings() {
  const Fd all{open("/proc/sys/net/ipv4/conf/all", O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!all) return std::nullopt;
  const auto arp_ignore = parse_number<int>(read_line(all.get(), "arp_ignore"));
  const auto rp_filter = parse_number<int>(read_line(all.get(), "rp_filter"));
  if (!arp_ignore || !rp_filter) return std::nullopt;
  return NetnsArpSettings{.arp_ignore = *arp_ignore, .rp_filter = *rp_filter};
}

bool run_inside(int netns_fd, const std::function<void()>& operation) {
  const Fd home{open(kOwn, O_RDONLY | O_CLOEXEC)};
  if (!home) throw_errno(kOwn, errno);
  if (setns(netns_fd, CLONE_NEWNET) != 0) {
    if (errno == EPERM) throw_errno("entering a network namespace", errno, "run as root or with CAP_SYS_ADMIN");
    return false;
  }
  const ReturnHome back{home.get()};
  operation();
  return true;
}

std::optional<NetnsArpSettings> arp_settings_of(int netns_fd) {
  std::optional<NetnsArpSettings> settings;
  run_inside(netns_fd, [&settings] { settings = own_arp_settings(); });
  return settings;
}

}  // namespace arpline
