// SPDX-License-Identifier: Apache-2.0
#include "arpline/manager.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "kernel/netns.hpp"

namespace arpline {
namespace {

namespace fs = std::filesystem;

// The kernel truncates a process's name to 15 characters.
constexpr std::string_view kNetworkdComm = "systemd-network";
constexpr std::string_view kNetworkManagerComm = "NetworkManager";

// The rest of the first line that starts with `key`.
std::optional<std::string> value_in(const std::string& text, std::string_view key) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(key)) return line.substr(key.size());
  return std::nullopt;
}

// Bounds the search: a namespace has one manager of each kind, but any process may take a manager's name.
constexpr std::size_t kMostFolders = 8;  // of one namespace
constexpr std::size_t kLongestPath = 255;

bool is_pid(const std::string& name) {
  return std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_manager(const std::string& process) {
  std::ifstream file{process + "/comm"};
  std::string comm;
  return std::getline(file, comm) && (comm == kNetworkdComm || comm == kNetworkManagerComm);
}

// Files below /run describe the interfaces of process 1's namespace. Where process 1 can't be examined, a
// sysctl that only the initial namespace has identifies it.
bool in_initial_namespace(std::uint64_t own) {
  struct stat initial {};
  if (stat("/proc/1/ns/net", &initial) != 0)
    return access("/proc/sys/net/ipv4/neigh/default/gc_thresh3", F_OK) == 0;
  return own == initial.st_ino;
}

bool says_keep(const std::string& file) {
  const auto keep = value_in(file, "KeepConfiguration=");
  return keep && (*keep == "yes" || *keep == "true" || *keep == "1" || *keep == "on");
}

// One manager's state files for one namespace.
class State {
 public:
  State(ForeignFiles& files, const ManagerFolder& folder) : files_(files), folder_(folder) {}

  ManagedBy managed(int ifindex) const {
    const auto device = text(fmt::format("/run/NetworkManager/devices/{}", ifindex));
    auto found = value_in(device, "managed=") == "true" ? ManagedBy{.who = Manager::network_manager}
                                                        : by_networkd(ifindex);
    found.pid = folder_.pid;
    return found;
  }

 private:
  std::string text(const std::string& path) const { return files_.read(folder_.root, path).value_or(""); }

  ManagedBy by_networkd(int ifindex) const {
    const auto state = text(fmt::format("/run/systemd/netif/links/{}", ifindex));
    const auto admin = value_in(state, "ADMIN_STATE=");
    if (!admin || *admin == "unmanaged") return {};
    ManagedBy found{.who = Manager::systemd_networkd};
    const auto file = value_in(state, "NETWORK_FILE=");
    if (!file || file->size() > kLongestPath || !file->starts_with('/')) return found;
    found.network_file = ForeignText{*file};
    found.keeps = says_keep(network_file(*file)) || says_keep(text(drop_in_of(found.network_file).raw()));
    return found;
  }

  // ForeignFiles follows no symbolic link, and /lib is one.
  std::string network_file(const std::string& path) const {
    return text(path.starts_with("/lib/") ? "/usr" + path : path);
  }

  ForeignFiles& files_;
  const ManagerFolder& folder_;
};

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
    folders.push_back({.netns_inode = netns.st_ino, .root = process + "/root", .pid = std::stoi(pid)});
  }
  return folders;
}

ManagedBy managed_by(ForeignFiles& files, const std::vector<ManagerFolder>& folders, std::uint64_t netns_inode,
                     int ifindex) {
  std::size_t looked_at = 0;
  for (const auto& folder : folders) {
    if (folder.netns_inode != netns_inode) continue;
    if (++looked_at > kMostFolders) break;
    if (auto found = State{files, folder}.managed(ifindex); found.who != Manager::none) return found;
  }
  return {};
}

}  // namespace arpline
