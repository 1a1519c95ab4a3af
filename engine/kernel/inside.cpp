// SPDX-License-Identifier: Apache-2.0
#include "kernel/inside.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <array>

#include "kernel/netns.hpp"

namespace arpline {

namespace {

Fd packet_socket() noexcept {
  return Fd{::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)};
}

bool send(const Fd& socket, int ifindex, const arpl_write& frame) noexcept {
  std::array<std::uint8_t, ARPL_WRITTEN_BYTES> bytes{};
  const auto length = arpl_write_arp(bytes.data(), &frame);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ARPL_ETHERTYPE_ARP);
  address.sll_ifindex = ifindex;
  return socket && sendto(socket.get(), bytes.data(), length, MSG_DONTWAIT,
                          reinterpret_cast<const sockaddr*>(&address), sizeof address) > 0;
}

}  // namespace

bool send_here(int ifindex, const arpl_write& frame) noexcept {
  return send(packet_socket(), ifindex, frame);
}

std::vector<InsideFrame> send_inside(const Fd& netns, std::span<const InsideFrame> frames) {
  std::vector<InsideFrame> left(frames.begin(), frames.end());
  run_inside(netns.get(), [&] {
    const Fd socket = packet_socket();
    std::erase_if(left, [&](const InsideFrame& one) {
      auto untagged = one.frame;
      untagged.vlan = 0;
      return send(socket, one.ifindex, untagged);
    });
  });
  return left;
}

}  // namespace arpline
