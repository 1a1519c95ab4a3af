// SPDX-License-Identifier: Apache-2.0
#include "kernel/tc_events.hpp"

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/error.hpp"
#include "kernel/netlink.hpp"

namespace arpline {
namespace {

constexpr std::size_t kMessageBytes = 32 * 1024;
constexpr int kMessagesAtOnce = 64;

}  // namespace

TcEvents::TcEvents()
    : socket_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)),
      buffer_(kMessageBytes) {
  if (!socket_) throw_errno("opening a netlink socket for tc's events", errno);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  const int group = RTNLGRP_TC;
  if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      setsockopt(socket_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
    throw_errno("joining the group of tc's events", errno);
}

void TcEvents::read(const std::function<void(int ifindex)>& handler) {
  for (int i = 0; i < kMessagesAtOnce; ++i) {
    sockaddr_nl from{};
    socklen_t length = sizeof from;
    const auto received =
        recvfrom(socket_.get(), buffer_.data(), buffer_.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (received < 0 && errno == ENOBUFS) handler(kEvery);
    if (received < 0 && (errno == ENOBUFS || errno == EINTR)) continue;
    if (received < 0) return;
    if (from.nl_pid != 0) continue;  // only messages of the kernel count
    int left = static_cast<int>(received);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data()); is_whole(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      if (mnl_nlmsg_get_payload_len(message) >= sizeof(tcmsg))
        handler(static_cast<const tcmsg*>(mnl_nlmsg_get_payload(message))->tcm_ifindex);
    }
  }
}

}  // namespace arpline
