// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "packet/frame.hpp"

/// Frames that are not ARP, built byte by byte from the RFCs, with the storm limit that may apply to each.
namespace arpline::packet {

inline constexpr Mac all_nodes_mac = mac(0x33, 0x33, 0, 0, 0, 1);
inline constexpr Mac mdns_mac = mac(0x01, 0x00, 0x5e, 0, 0, 0xfb);
inline constexpr Mac spanning_tree_mac = mac(0x01, 0x80, 0xc2, 0, 0, 0);

struct StormFrame {
  std::string name;
  Bytes frame;
  /// The ethertype, in host order, whose limit may apply; 0: only the limit for all others. nullopt: no limit
  /// applies.
  std::optional<std::uint16_t> ethertype;
  /// Without a limit: the bytes needed to tell; a shorter frame counts as any other of its ethertype.
  std::size_t told_by = 14;
};

/// A frame of an Ethernet header and the payload.
inline Bytes frame_of(Mac destination, std::uint16_t ethertype, const Bytes& payload,
                      const std::vector<Tag>& tags = {}) {
  Bytes out;
  append_mac(out, destination);
  append_mac(out, peer_mac);
  for (const Tag& tag : tags) {
    append16(out, tag.type);
    append16(out, tag.tci);
  }
  append16(out, ethertype);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

/// A UDP datagram to this port with eight bytes of data.
inline Bytes udp_to(std::uint16_t port) {
  Bytes out;
  append16(out, 40000);
  append16(out, port);
  append16(out, 16);
  out.resize(16);
  return out;
}

/// An IPv4 packet; `words` is the header's length in units of four bytes.
inline Bytes ipv4(std::uint8_t protocol, const Bytes& payload, std::uint8_t words = 5,
                  std::uint16_t fragment = 0) {
  Bytes out{static_cast<std::uint8_t>(0x40 | words), 0};
  append16(out, static_cast<std::uint16_t>(words * 4U + payload.size()));
  append16(out, 0);
  append16(out, fragment);
  out.push_back(64);
  out.push_back(protocol);
  append16(out, 0);
  append_ip(out, peer_ip);
  append_ip(out, ip(255, 255, 255, 255));
  out.resize(words * 4U, 1);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

/// An IPv6 packet whose first header is `next`.
inline Bytes ipv6(std::uint8_t next, const Bytes& payload) {
  Bytes out{0x60, 0, 0, 0};
  append16(out, static_cast<std::uint16_t>(payload.size()));
  out.push_back(next);
  out.push_back(255);
  out.resize(40, 0xfe);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

/// An extension header of 8 * (1 + more) bytes, then the payload.
inline Bytes behind(std::uint8_t next, std::uint8_t more, const Bytes& payload) {
  Bytes out{next, more};
  out.resize(8U * (1U + more));
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

inline Bytes icmpv6(std::uint8_t type) {
  Bytes out{type};
  out.resize(24);
  return out;
}

inline std::vector<StormFrame> storm_frames() {
  constexpr std::uint8_t igmp = 2;
  constexpr std::uint8_t udp = 17;
  constexpr std::uint8_t icmp6 = 58;
  constexpr std::uint8_t hop_by_hop = 0;
  constexpr std::uint8_t routing = 43;
  constexpr std::uint8_t fragment = 44;
  constexpr std::uint8_t options = 60;
  constexpr std::uint16_t four = 0x0800;
  constexpr std::uint16_t six = 0x86dd;
  const Tag other_tag{.type = 0x8100, .tci = 7};
  const Tag service_tag{.type = 0x88a8, .tci = 9};
  const auto none = std::nullopt;
  const Bytes data(30, 0xaa);
  std::vector<StormFrame> f;
  const auto add = [&](std::string name, Bytes frame, std::optional<std::uint16_t> ethertype,
                       std::size_t told_by = 14) {
    f.push_back({std::move(name), std::move(frame), ethertype, told_by});
  };
  const auto four_to = [&](const Bytes& packet) { return frame_of(broadcast_mac, four, packet); };
  const auto six_to = [&](const Bytes& packet) { return frame_of(all_nodes_mac, six, packet); };

  add("experimental", frame_of(broadcast_mac, 0x88b5, data), 0x88b5);
  add("experimental_tagged", frame_of(broadcast_mac, 0x88b5, data, {other_tag}), 0x88b5);
  add("experimental_behind_three_tags",
      frame_of(broadcast_mac, 0x88b5, data, {service_tag, other_tag, other_tag}), 0x88b5);
  add("experimental_behind_four_tags",
      frame_of(broadcast_mac, 0x88b5, data, {service_tag, other_tag, other_tag, other_tag}), 0x8100);
  add("multicast", frame_of(mdns_mac, 0x88b5, data), 0x88b5);
  add("lowest_ethertype", frame_of(broadcast_mac, 0x0600, data), 0x0600);
  add("length_of_llc", frame_of(broadcast_mac, 0x05ff, data), 0);
  add("length_of_ipx", frame_of(broadcast_mac, 30, Bytes(30, 0xff)), 0);
  add("unicast", frame_of(parent_mac, 0x88b5, data), none);
  add("spanning_tree", frame_of(spanning_tree_mac, 38, data), none);
  add("lldp", frame_of(mac(0x01, 0x80, 0xc2, 0, 0, 0x0e), 0x88cc, data), none);
  add("beside_the_link_local_block", frame_of(mac(0x01, 0x80, 0xc2, 0, 0, 0x10), 0x88cc, data), 0x88cc);
  add("link_local_prefix_elsewhere", frame_of(mac(0x01, 0x80, 0xc2, 0, 0x01, 0), 0x88cc, data), 0x88cc);
  add("arp_behind_two_tags", frame_of(broadcast_mac, 0x0806, data, {service_tag, other_tag}), none, 22);

  add("ipv4_udp", four_to(ipv4(udp, udp_to(9))), four);
  add("dhcp_to_server", four_to(ipv4(udp, udp_to(67))), none, 38);
  add("dhcp_to_client", four_to(ipv4(udp, udp_to(68))), none, 38);
  add("dhcp_tagged", frame_of(broadcast_mac, four, ipv4(udp, udp_to(67)), {other_tag}), none, 42);
  add("dhcp_behind_ip_options", four_to(ipv4(udp, udp_to(67), 15)), none, 78);
  add("dhcp_from_the_port_only", four_to(ipv4(udp, {0, 67, 0, 9, 0, 8, 0, 0})), four);
  add("dhcpv6_port_on_ipv4", four_to(ipv4(udp, udp_to(547))), four);
  add("dhcp_port_of_tcp", four_to(ipv4(6, udp_to(67))), four);
  add("dhcp_first_fragment", four_to(ipv4(udp, udp_to(67), 5, 0x2000)), none, 38);
  add("later_fragment_with_the_bytes_of_dhcp", four_to(ipv4(udp, udp_to(67), 5, 0x2001)), four);
  Bytes short_header = ipv4(udp, udp_to(67));
  short_header[0] = 0x44;
  add("ipv4_header_of_16_bytes", four_to(short_header), four);
  Bytes no_header = ipv4(udp, udp_to(9));
  no_header[0] = 0x40;
  no_header[2] = 0;
  no_header[3] = 67;
  add("ipv4_without_header_whose_length_reads_67", four_to(no_header), four);
  Bytes version_five = ipv4(udp, udp_to(67));
  version_five[0] = 0x55;
  add("ipv4_of_version_5", four_to(version_five), four);
  add("igmp", frame_of(mdns_mac, four, ipv4(igmp, Bytes{0x16, 0, 0, 0}, 6)), none, 34);
  add("igmp_fragment", frame_of(mdns_mac, four, ipv4(igmp, Bytes{0x16, 0, 0, 0}, 6, 5)), four);

  add("ipv6_echo", six_to(ipv6(icmp6, icmpv6(128))), six);
  for (const std::uint8_t type : {133, 134, 135, 136, 137})
    add("neighbour_discovery_" + std::to_string(type), six_to(ipv6(icmp6, icmpv6(type))), none, 55);
  add("below_neighbour_and_listener_discovery", six_to(ipv6(icmp6, icmpv6(129))), six);
  add("behind_neighbour_discovery", six_to(ipv6(icmp6, icmpv6(138))), six);
  for (const std::uint8_t type : {130, 131, 132, 143})
    add("listener_discovery_" + std::to_string(type), six_to(ipv6(hop_by_hop, behind(icmp6, 0, icmpv6(type)))),
        none, 63);
  add("solicitation_behind_routing_and_options",
      six_to(ipv6(routing, behind(options, 0, behind(icmp6, 2, icmpv6(135))))), none, 87);
  add("solicitation_behind_three_extensions",
      six_to(ipv6(hop_by_hop, behind(routing, 0, behind(options, 0, behind(icmp6, 0, icmpv6(135)))))), none,
      79);
  add("solicitation_behind_four_extensions",
      six_to(ipv6(hop_by_hop,
                  behind(options, 0, behind(options, 0, behind(options, 0, behind(icmp6, 0, icmpv6(135))))))),
      six);
  add("fragmented_solicitation", six_to(ipv6(fragment, behind(icmp6, 0, icmpv6(135)))), six);
  add("extension_of_255_units", six_to(ipv6(options, behind(icmp6, 255, icmpv6(135)))), none, 2103);
  add("solicitation_tagged", frame_of(all_nodes_mac, six, ipv6(icmp6, icmpv6(135)), {service_tag, other_tag}),
      none, 63);
  Bytes version_four = ipv6(icmp6, icmpv6(135));
  version_four[0] = 0x40;
  add("ipv6_of_version_4", six_to(version_four), six);
  add("dhcpv6_to_server", six_to(ipv6(udp, udp_to(547))), none, 58);
  add("dhcpv6_to_client", six_to(ipv6(udp, udp_to(546))), none, 58);
  add("dhcp_port_on_ipv6", six_to(ipv6(udp, udp_to(67))), six);
  add("ipv6_udp", six_to(ipv6(udp, udp_to(5353))), six);
  return f;
}

}  // namespace arpline::packet
