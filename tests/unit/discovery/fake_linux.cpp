// SPDX-License-Identifier: Apache-2.0
// What the linker puts between the daemon's code and Linux: netlink sockets and the clock (--wrap), and in the
// place of engine/kernel/netns.cpp the files of /proc and nsfs.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "fake_kernel.hpp"
#include "kernel/netns.hpp"
#include "wrapped_sockets.hpp"

using namespace std::chrono_literals;

namespace {

using arpline::fake::Bytes;
using arpline::fake::Kernel;

// One for all sockets: each request is answered to the end before the next one.
std::deque<Bytes>& answers() {
  static std::deque<Bytes> waiting;
  return waiting;
}

}  // namespace

extern "C" {

int __wrap_mnl_socket_close(mnl_socket*) {
  answers().clear();
  return 0;
}
ssize_t __wrap_mnl_socket_sendto(const mnl_socket*, const void* message, std::size_t length) {
  const auto* bytes = static_cast<const std::uint8_t*>(message);
  for (auto& one : Kernel::one().answer({bytes, bytes + length}, arpline::kNetlinkPort))
    answers().push_back(std::move(one));
  return static_cast<ssize_t>(length);
}
ssize_t __wrap_mnl_socket_recvfrom(const mnl_socket*, void* room, std::size_t most) {
  if (answers().empty()) {
    errno = EAGAIN;
    return -1;
  }
  const auto bytes = std::move(answers().front());
  answers().pop_front();
  std::memcpy(room, bytes.data(), std::min(bytes.size(), most));
  return static_cast<ssize_t>(bytes.size());
}
ssize_t __wrap_recvmsg(int, msghdr* header, int) {
  Bytes bytes;
  std::optional<int> nsid;
  if (!Kernel::one().next_event(bytes, nsid)) return -1;
  std::memcpy(header->msg_iov->iov_base, bytes.data(), bytes.size());
  static_cast<sockaddr_nl*>(header->msg_name)->nl_pid = 0;
  header->msg_flags = 0;
  if (nsid) {
    auto* control = CMSG_FIRSTHDR(header);
    control->cmsg_level = SOL_NETLINK;
    control->cmsg_type = NETLINK_LISTEN_ALL_NSID;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &*nsid, sizeof(int));
    header->msg_controllen = CMSG_SPACE(sizeof(int));
  } else {
    header->msg_controllen = 0;
  }
  return static_cast<ssize_t>(bytes.size());
}
// Each look at the clock takes a microsecond.
int __wrap_clock_gettime(clockid_t, timespec* now) {
  const auto ns = (Kernel::one().clock += 1us).count();
  now->tv_sec = static_cast<time_t>(ns / 1'000'000'000U);
  now->tv_nsec = static_cast<long>(ns % 1'000'000'000U);
  return 0;
}
}

namespace arpline {
namespace {

// The namespaces that descriptors of open_netns() stand for, by descriptor.
std::map<int, std::uint64_t>& opened() {
  static std::map<int, std::uint64_t> inodes;
  return inodes;
}

// How far a walk through /proc has come; a new walk begins at 0.
std::size_t walked = 0;

const fake::Namespace* namespace_of(int fd) {
  const auto at = opened().find(fd);
  return at == opened().end() ? nullptr : Kernel::one().with_inode(at->second);
}

}  // namespace

std::uint64_t own_netns_inode() {
  return Kernel::one().own().inode;
}

const std::vector<std::string>& known_netns_folders() {
  static const std::vector<std::string> kNone;
  return kNone;
}

std::optional<ReachableNetns> netns_at(const std::string& path) {
  const auto* netns = Kernel::one().with_path(path);
  if (netns == nullptr) return std::nullopt;
  return ReachableNetns{.inode = netns->inode, .path = path};
}

ProcessNamespaces::ProcessNamespaces() {
  walked = 0;
}

std::optional<ProcessNamespaces::Process> ProcessNamespaces::next() {
  const auto processes = Kernel::one().processes();
  if (walked >= processes.size()) return std::nullopt;
  const auto [pid, inode] = processes[walked++];
  return Process{.pid = pid, .netns_inode = inode};
}

ForeignText netns_name(const ReachableNetns& netns) {
  return netns.own ? "host" : "net:" + std::to_string(netns.inode);
}

void forget_ended(ReachableNetns& netns) {
  std::erase_if(netns.pids, [&](pid_t pid) {
    const auto all = Kernel::one().processes();
    return std::ranges::find(all, std::pair{pid, netns.inode}) == all.end();
  });
}

Fd open_netns(const ReachableNetns& netns) {
  const auto* there = Kernel::one().with_inode(netns.inode);
  const bool open =
      there != nullptr && (netns.own || (!netns.path.empty() && netns.path.raw() == there->path) ||
                           std::ranges::find(netns.pids, there->pid) != netns.pids.end());
  if (!open) return {};
  Fd fd{any_descriptor()};
  opened().insert_or_assign(fd.get(), netns.inode);
  return fd;
}

std::optional<int> nsid_of(Netlink&, int netns_fd) {
  const auto* netns = namespace_of(netns_fd);
  return netns == nullptr ? std::nullopt : std::optional{Kernel::one().assign_nsid(netns->number)};
}

std::optional<NetnsArpSettings> own_arp_settings() {
  const auto& own = Kernel::one().own();
  return NetnsArpSettings{.arp_ignore = own.arp_ignore, .rp_filter = own.rp_filter};
}

std::optional<NetnsArpSettings> arp_settings_of(int netns_fd) {
  const auto* netns = namespace_of(netns_fd);
  if (netns == nullptr) return std::nullopt;
  return NetnsArpSettings{.arp_ignore = netns->arp_ignore, .rp_filter = netns->rp_filter};
}

}  // namespace arpline
