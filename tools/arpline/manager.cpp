// SPDX-License-Identifier: Apache-2.0
#include "arpline/manager.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "base/fd.hpp"
#include "kernel/netns.hpp"

namespace arpline {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 65536;
// The kernel keeps 15 characters of a process's name.
constexpr std::string_view kNetworkdComm = "systemd-network";
constexpr std::string_view kNetworkManagerComm = "NetworkManager";

// Only from an ordinary file below `root`: a container may have put anything there.
std::string read_below(const std::string& root, const std::string& path) {
  const Fd top{open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  open_how how{.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
               .mode = 0,
               .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  const Fd file{static_cast<int>(syscall(SYS_openat2, top.get(), path.c_str(), &how, sizeof how))};
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  std::string text(kMostBytes, '\0');
  const auto length = read(file.get(), text.data(), text.size());
  text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  return text;
}

// The rest of the first line that begins with `key`.
std::optional<std::string> value_in(const std::string& text, std::string_view key) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(key)) return line.substr(key.size());
  return std::nullopt;
}

bool is_pid(const std::string& name) {
  return std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_manager(const std::string& process) {
  std::ifstream file{process + "/comm"};
  std::string comm;
  return std::getline(file, comm) && (comm == kNetworkdComm || comm == kNetworkManagerComm);
}

// What lies under /run is about the interfaces of process 1's namespace. Where process 1 may not be looked at,
// the initial namespace is known by a setting that only it has.
bool in_initial_namespace(std::uint64_t own) {
  struct stat initial {};
  if (stat("/proc/1/ns/net", &initial) != 0)
    return access("/proc/sys/net/ipv4/neigh/default/gc_thresh3", F_OK) == 0;
  return own == initial.st_ino;
}

bool is_same_namespace(const std::string& one, const std::string& other) {
  struct stat first {};
  struct stat second {};
  return stat(one.c_str(), &first) == 0 && stat(other.c_str(), &second) == 0 && first.st_ino == second.st_ino;
}

bool says_keep(const std::string& file) {
  const auto keep = value_in(file, "KeepConfiguration=");
  return keep && (*keep == "yes" || *keep == "true" || *keep == "1" || *keep == "on");
}

ManagedBy networkd_in(const ManagerFolder& folder, int ifindex) {
  const auto state = read_below(folder.root, fmt::format("run/systemd/netif/links/{}", ifindex));
  const auto admin = value_in(state, "ADMIN_STATE=");
  if (!admin || *admin == "unmanaged") return {};
  ManagedBy found{.who = Manager::systemd_networkd,
                  .network_file = ForeignText{value_in(state, "NETWORK_FILE=").value_or("")}};
  found.keeps = says_keep(read_below(folder.root, found.network_file.raw())) ||
                says_keep(read_below(folder.root, drop_in_of(found.network_file).raw()));
  return found;
}

ManagedBy managed_in(const ManagerFolder& folder, int ifindex) {
  const auto device = read_below(folder.root, fmt::format("run/NetworkManager/devices/{}", ifindex));
  if (value_in(device, "managed=") == "true") return {.who = Manager::network_manager};
  return networkd_in(folder, ifindex);
}

}  // namespace

ForeignText drop_in_of(const ForeignText& network_file) {
  const auto& path = network_file.raw();
  return fmt::format("/etc/systemd/network/{}.d/arpline.conf", path.substr(path.rfind('/') + 1));
}

std::vector<ManagerFolder> manager_folders() {
  std::vector<ManagerFolder> folders;
  const auto own = own_netns_inode();
  if (in_initial_namespace(own)) folders.push_back({.netns_inode = own, .root = "/"});
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string process = entry.path();
    const std::string pid = entry.path().filename();
    struct stat netns {};
    if (!is_pid(pid) || !is_manager(process)) continue;
    if (stat((process + "/ns/net").c_str(), &netns) != 0) continue;
    folders.push_back({.netns_inode = netns.st_ino,
                       .root = process + "/root",
                       .enter = Command{"nsenter -t {} -n ", pid},
                       .own_files = !is_same_namespace("/proc/self/ns/mnt", process + "/ns/mnt")});
  }
  return folders;
}

ManagedBy managed_by(const std::vector<ManagerFolder>& folders, std::uint64_t netns_inode, int ifindex) {
  for (const auto& folder : folders) {
    if (folder.netns_inode != netns_inode) continue;
    auto found = managed_in(folder, ifindex);
    if (found.who == Manager::none) continue;
    found.enter = folder.enter;
    found.own_files = folder.own_files;
    return found;
  }
  return {};
}

}  // namespace arpline
