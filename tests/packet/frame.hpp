// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/net.hpp"

/// Builds ARP frames byte by byte from the RFCs, independently of the code under test.
namespace arpline::packet {

using Bytes = std::vector<std::uint8_t>;

/// A MAC word from the six bytes as written: mac(0x02, 0x42, …) is 02:42:….
constexpr Mac mac(int a, int b, int c, int d, int e, int f) {
  const std::array<int, 6> bytes{a, b, c, d, e, f};
  Mac word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) word |= static_cast<Mac>(bytes[i]) << (8 * i);
  return word;
}

/// An address in network byte order from its four numbers.
constexpr Ipv4 ip(int a, int b, int c, int d) {
  return static_cast<Ipv4>(a) | static_cast<Ipv4>(b) << 8U | static_cast<Ipv4>(c) << 16U |
         static_cast<Ipv4>(d) << 24U;
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "ip() writes network order for these machines");

inline constexpr Mac broadcast_mac = mac(0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
inline constexpr Mac parent_mac = mac(0x02, 0x00, 0x00, 0x00, 0x00, 0x01);
inline constexpr Mac endpoint_mac = mac(0x02, 0x42, 0x0a, 0x01, 0x00, 0x05);
inline constexpr Mac sibling_mac = mac(0x02, 0x42, 0x0a, 0x01, 0x00, 0x06);
inline constexpr Mac peer_mac = mac(0x52, 0x54, 0x00, 0x12, 0x34, 0x99);
inline constexpr Mac stranger_mac = mac(0x52, 0x54, 0x00, 0x66, 0x66, 0x66);
inline constexpr Ipv4 endpoint_ip = ip(10, 1, 0, 5);
inline constexpr Ipv4 sibling_ip = ip(10, 1, 0, 6);
inline constexpr Ipv4 peer_ip = ip(10, 1, 0, 99);

struct Tag {
  std::uint16_t type = 0x8100;
  std::uint16_t tci = 0;
};

/// Every field of a frame; the defaults are the peer's broadcast who-has for the endpoint.
struct FrameSpec {
  Mac eth_dst = broadcast_mac;
  Mac eth_src = peer_mac;
  std::vector<Tag> tags;
  std::uint16_t ethertype = 0x0806;
  std::uint16_t hrd = 1;
  std::uint16_t pro = 0x0800;
  std::uint8_t hln = 6;
  std::uint8_t pln = 4;
  std::uint16_t op = 1;
  Mac sender_mac = peer_mac;
  Ipv4 sender_ip = peer_ip;
  Mac target_mac = 0;
  Ipv4 target_ip = endpoint_ip;
  std::size_t bytes = 60;    ///< length: the frame is padded behind the ARP packet, or cut
  std::uint8_t padding = 0;  ///< value of the padding bytes
};

inline void append16(Bytes& out, std::uint16_t v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8U));
  out.push_back(static_cast<std::uint8_t>(v));
}

inline void append_mac(Bytes& out, Mac m) {
  for (int i = 0; i < 6; ++i) out.push_back(static_cast<std::uint8_t>(m >> (8 * i)));
}

inline void append_ip(Bytes& out, Ipv4 a) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(a >> (8 * i)));
}

inline Bytes build(const FrameSpec& f) {
  Bytes out;
  append_mac(out, f.eth_dst);
  append_mac(out, f.eth_src);
  for (const Tag& tag : f.tags) {
    append16(out, tag.type);
    append16(out, tag.tci);
  }
  append16(out, f.ethertype);
  append16(out, f.hrd);
  append16(out, f.pro);
  out.push_back(f.hln);
  out.push_back(f.pln);
  append16(out, f.op);
  append_mac(out, f.sender_mac);
  append_ip(out, f.sender_ip);
  append_mac(out, f.target_mac);
  append_ip(out, f.target_ip);
  out.resize(f.bytes, f.padding);
  return out;
}

/// The frame with another destination MAC.
inline Bytes with_destination(Bytes frame, Mac destination) {
  for (std::size_t i = 0; i < 6; ++i) frame.at(i) = static_cast<std::uint8_t>(destination >> (8 * i));
  return frame;
}

inline Bytes with_address(Bytes frame, std::size_t at, Ipv4 address) {
  for (std::size_t i = 0; i < 4; ++i) frame.at(at + i) = static_cast<std::uint8_t>(address >> (8 * i));
  return frame;
}

/// The frame of `spec` with another sender or target IP.
inline Bytes with_sender_ip(Bytes frame, const FrameSpec& spec, Ipv4 address) {
  return with_address(std::move(frame), 14 + 4 * spec.tags.size() + 14, address);
}
inline Bytes with_target_ip(Bytes frame, const FrameSpec& spec, Ipv4 address) {
  return with_address(std::move(frame), 14 + 4 * spec.tags.size() + 24, address);
}

/// The reply of a container's kernel with this MAC to the request: the VLAN stays, without padding.
inline Bytes kernel_reply(const FrameSpec& request, Mac answerer) {
  FrameSpec reply{.eth_dst = request.sender_mac,
                  .eth_src = answerer,
                  .op = 2,
                  .sender_mac = answerer,
                  .sender_ip = request.target_ip,
                  .target_mac = request.sender_mac,
                  .target_ip = request.sender_ip,
                  .bytes = 42};
  for (const Tag& tag : request.tags) {
    const auto id = static_cast<std::uint16_t>(tag.tci & 0x0fffU);
    if (id == 0) continue;
    reply.tags.push_back({.type = 0x8100, .tci = id});
    reply.bytes += 4;
  }
  return build(reply);
}

}  // namespace arpline::packet
