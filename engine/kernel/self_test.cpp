// SPDX-License-Identifier: Apache-2.0
#include "kernel/self_test.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <array>

#include "base/fd.hpp"
#include "shared/abi.h"
#include "shared/reply.h"

namespace arpline {

bool send_self_test(int ifindex, Mac mac) noexcept {
  const Fd socket{::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)};
  std::array<std::uint8_t, ARPL_WRITTEN_BYTES> frame{};
  const arpl_write write{.eth_dst = mac,
                         .eth_src = mac,
                         .sender_mac = mac,
                         .target_mac = mac,
                         .sender_ip = 0,
                         .target_ip = 0,
                         .op = ARPL_SELF_TEST_OP,
                         .vlan = 0};
  const auto length = arpl_write_arp(frame.data(), &write);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ARPL_ETHERTYPE_ARP);
  address.sll_ifindex = ifindex;
  return socket && sendto(socket.get(), frame.data(), length, MSG_DONTWAIT,
                          reinterpret_cast<const sockaddr*>(&address), sizeof address) > 0;
}

}  // namespace arpline
