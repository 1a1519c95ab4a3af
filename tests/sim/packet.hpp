// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/net.hpp"
#include "shared/packet.h"
#include "shared/reply.h"

namespace arpline::sim {

enum class Kind : std::uint8_t {
  arp,
  ping,   ///< from arp.sender_ip to arp.target_ip
  pong,   ///< the reply
  noise,  ///< any other frame; only the Ethernet header is used
};

struct Packet {
  Kind kind = Kind::arp;
  arpl_write arp{};          ///< for all kinds the Ethernet header is used
  std::uint32_t number = 0;  ///< of a ping; its pong has the same number

  bool broadcast() const noexcept { return (arp.eth_dst & ARPL_MAC_MULTICAST_BIT) != 0; }
  bool is_request() const noexcept { return kind == Kind::arp && arp.op == ARPL_OP_REQUEST; }
  bool is_reply() const noexcept { return kind == Kind::arp && arp.op == ARPL_OP_REPLY; }
  /// RFC 5227 section 2.3, as a request or a reply.
  bool is_announcement() const noexcept {
    return kind == Kind::arp && arp.sender_ip != 0 && arp.sender_ip == arp.target_ip;
  }
};

/// One line of text.
std::string describe(const Packet& packet);

inline Packet arp_packet(const arpl_write& frame) {
  return {.kind = Kind::arp, .arp = frame};
}

/// A who-has as a kernel sends it; broadcast when `to` is 0.
Packet who_has(Mac mac, Ipv4 address, Ipv4 target, Mac to, std::uint16_t vlan);
/// A reply; an announcement of the reply form when `target` is `address`.
Packet is_at(Mac mac, Ipv4 address, Mac to, Ipv4 target, std::uint16_t vlan);

}  // namespace arpline::sim
