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
  pong,   ///< the answer
  noise,  ///< something else: only its Ethernet header matters
};

struct Packet {
  Kind kind = Kind::arp;
  arpl_write arp{};          ///< the Ethernet header counts for every kind
  std::uint32_t number = 0;  ///< of a ping; its pong has the same

  bool broadcast() const noexcept { return (arp.eth_dst & ARPL_MAC_MULTICAST_BIT) != 0; }
  bool is_request() const noexcept { return kind == Kind::arp && arp.op == ARPL_OP_REQUEST; }
  bool is_reply() const noexcept { return kind == Kind::arp && arp.op == ARPL_OP_REPLY; }
  /// RFC 5227 section 2.3, in either form.
  bool is_announcement() const noexcept {
    return kind == Kind::arp && arp.sender_ip != 0 && arp.sender_ip == arp.target_ip;
  }
};

/// One line for a person.
std::string describe(const Packet& packet);

inline Packet arp_packet(const arpl_write& frame) {
  return {.kind = Kind::arp, .arp = frame};
}

/// As a kernel writes a who-has; to a MAC of 0 it is a broadcast.
Packet who_has(Mac mac, Ipv4 address, Ipv4 target, Mac to, std::uint16_t vlan);
/// The same with op reply: what an answer says; as an announcement when `target` is `address`.
Packet is_at(Mac mac, Ipv4 address, Mac to, Ipv4 target, std::uint16_t vlan);

}  // namespace arpline::sim
