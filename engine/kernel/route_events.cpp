// SPDX-License-Identifier: Apache-2.0
#include "kernel/route_events.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.hpp"

namespace arpline {
namespace {

constexpr std::size_t kMessageBytes = 32 * 1024;
// An event has about 1.5 KB: room for the end of a thousand containers while the reader is busy.
constexpr int kQueueBytes = 8 * 1024 * 1024;

std::optional<int> nsid_in(msghdr& header) {
  for (auto* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_NETLINK || control->cmsg_type != NETLINK_LISTEN_ALL_NSID) continue;
    int nsid = 0;
    std::memcpy(&nsid, CMSG_DATA(control), sizeof nsid);
    return nsid;
  }
  return std::nullopt;
}

void subscribe(int socket, int group) {
  if (setsockopt(socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
    throw_errno("joining a group of rtnetlink", errno);
}

}  // namespace

RouteEvents::RouteEvents()
    : socket_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)),
      buffer_(kMessageBytes) {
  if (!socket_) throw_errno("opening a netlink socket for events", errno);
  const int on = 1;
  if (setsockopt(socket_.get(), SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof on) != 0)
    throw_errno("setting NETLINK_LISTEN_ALL_NSID", errno, "run as root or with CAP_NET_BROADCAST");
  // Without the privilege the queue stays small; more overruns then cost time, not correctness.
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kQueueBytes, sizeof kQueueBytes);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw_errno("binding a netlink socket for events", errno);
  for (const int group : {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_NETCONF, RTNLGRP_NSID})
    subscribe(socket_.get(), group);
}

RouteEvents::Read RouteEvents::read(std::size_t most, const Handler& handler) {
  Read done;
  while (done.messages < most) {
    sockaddr_nl from{};
    iovec part{.iov_base = buffer_.data(), .iov_len = buffer_.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int)) * 2> control{};
    msghdr header{};
    header.msg_name = &from;
    header.msg_namelen = sizeof from;
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const auto received = recvmsg(socket_.get(), &header, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (received < 0 && errno != ENOBUFS) throw_errno("reading netlink events", errno);
    if (received < 0 || (header.msg_flags & MSG_TRUNC) != 0) done.overrun = true;
    if (received < 0 || from.nl_pid != 0) continue;  // only messages of the kernel count
    const auto nsid = nsid_in(header);
    int left = static_cast<int>(received);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data()); is_whole(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      ++done.messages;
      handler(*message, nsid);
    }
  }
  return done;
}

}  // namespace arpline
