// SPDX-License-Identifier: Apache-2.0
#include "port/packet.hpp"

#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"

namespace arpline {

PacketPort::PacketPort(const ForeignText& interface)
    : socket_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!socket_ || !wake_) throw_errno(visible(interface) + ": open packet socket", errno);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface.raw().c_str()));
  const int bypass = 1;
  setsockopt(socket_.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof bypass);
  if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw_errno(visible(interface) + ": bind packet socket", errno);
  }
}

std::size_t PacketPort::send(Burst burst) noexcept {
  for (std::size_t i = 0; i < burst.size(); ++i) {
    if (::send(socket_.get(), burst[i].data, burst[i].len, MSG_DONTWAIT) < 0) return i;
  }
  return burst.size();
}

std::size_t PacketPort::allocate(Burst burst) noexcept {
  const auto count = std::min(burst.size(), frames_.size());
  for (std::size_t i = 0; i < count; ++i)
    burst[i] = {.data = frames_[i].data(), .len = 0, .queue = 0, .token = i};
  return count;
}

void PacketPort::wait(std::chrono::milliseconds timeout) noexcept {
  pollfd polled{.fd = wake_.get(), .events = POLLIN, .revents = 0};
  std::uint64_t wakes = 0;
  if (poll(&polled, 1, static_cast<int>(std::min(timeout, kLongestWait).count())) > 0 &&
      read(wake_.get(), &wakes, sizeof wakes) < 0) {
    return;
  }
}

void PacketPort::wake() noexcept {
  const std::uint64_t one = 1;
  if (write(wake_.get(), &one, sizeof one) < 0) return;  // EAGAIN: a wake-up is pending already
}

}  // namespace arpline
