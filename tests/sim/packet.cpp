// SPDX-License-Identifier: Apache-2.0
#include "sim/packet.hpp"

#include <fmt/core.h>

namespace arpline::sim {

std::string describe(const Packet& packet) {
  const auto& a = packet.arp;
  const auto header =
      fmt::format("{} > {}{}", format_mac(a.eth_src),
                  a.eth_dst == ARPL_MAC_BROADCAST ? std::string("broadcast") : format_mac(a.eth_dst),
                  a.vlan != 0 ? fmt::format(" vlan {}", a.vlan) : std::string());
  const auto from = format_ipv4(a.sender_ip);
  const auto to = format_ipv4(a.target_ip);
  switch (packet.kind) {
    case Kind::ping:
      return fmt::format("{}: ping {} from {} to {}", header, packet.number, from, to);
    case Kind::pong:
      return fmt::format("{}: pong {} from {} to {}", header, packet.number, from, to);
    case Kind::noise:
      return header + ": data";
    case Kind::arp:
      break;
  }
  if (packet.is_announcement())
    return fmt::format("{}: announcement ({}) of {} at {}", header, a.op == ARPL_OP_REPLY ? "reply" : "request",
                       from, format_mac(a.sender_mac));
  if (a.op == ARPL_OP_REPLY)
    return fmt::format("{}: {} is at {}, told to {}", header, from, format_mac(a.sender_mac), to);
  return fmt::format("{}: who has {}? tell {} at {}", header, to, from, format_mac(a.sender_mac));
}

Packet who_has(Mac mac, Ipv4 address, Ipv4 target, Mac to, std::uint16_t vlan) {
  return arp_packet({.eth_dst = to != 0 ? to : Mac{ARPL_MAC_BROADCAST},
                     .eth_src = mac,
                     .sender_mac = mac,
                     .target_mac = to,
                     .sender_ip = address,
                     .target_ip = target,
                     .op = ARPL_OP_REQUEST,
                     .vlan = vlan});
}

Packet is_at(Mac mac, Ipv4 address, Mac to, Ipv4 target, std::uint16_t vlan) {
  return arp_packet({.eth_dst = to,
                     .eth_src = mac,
                     .sender_mac = mac,
                     .target_mac = address == target ? mac : to,
                     .sender_ip = address,
                     .target_ip = target,
                     .op = ARPL_OP_REPLY,
                     .vlan = vlan});
}

}  // namespace arpline::sim
