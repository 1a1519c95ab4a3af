// SPDX-License-Identifier: Apache-2.0
#include "shared/packet.h"

#include <gtest/gtest.h>

#include <memory>

#include "packet/frame.hpp"

namespace arpline {
namespace {

using packet::build;
using packet::Bytes;
using packet::FrameSpec;
using packet::Tag;

arpl_parsed parse_exactly(const Bytes& frame, arpl_arp& arp) {
  // A heap block of exactly this size, so that a sanitizer finds a read beyond it.
  const auto exact = std::make_unique<std::uint8_t[]>(frame.size());
  std::copy(frame.begin(), frame.end(), exact.get());
  return arpl_parse(exact.get(), exact.get() + frame.size(), &arp);
}

arpl_parsed parse(const FrameSpec& spec, arpl_arp& arp) {
  return parse_exactly(build(spec), arp);
}

arpl_parsed parse(const FrameSpec& spec) {
  arpl_arp arp{};
  return parse(spec, arp);
}

TEST(Parser, fills_in_every_field) {
  arpl_arp arp{};
  ASSERT_EQ(parse({.op = 2, .target_mac = packet::stranger_mac}, arp), ARPL_PARSED);
  EXPECT_EQ(arp.eth_dst, ARPL_MAC_BROADCAST);
  EXPECT_EQ(arp.eth_src, packet::peer_mac);
  EXPECT_EQ(arp.sender_mac, packet::peer_mac);
  EXPECT_EQ(arp.target_mac, packet::stranger_mac);
  EXPECT_EQ(arp.sender_ip, packet::peer_ip);
  EXPECT_EQ(arp.target_ip, packet::endpoint_ip);
  EXPECT_EQ(arp.op, ARPL_OP_REPLY);
  EXPECT_EQ(arp.vlan, 0);
  EXPECT_EQ(arp.tags, 0);
  EXPECT_EQ(arp.arp_offset, 14);
}

TEST(Parser, takes_the_vlan_from_one_tag) {
  arpl_arp arp{};
  ASSERT_EQ(parse({.tags = {{.type = 0x8100, .tci = 0xffff}}}, arp), ARPL_PARSED);
  EXPECT_EQ(arp.vlan, 4095) << "without priority and drop eligible bit";
  EXPECT_EQ(arp.tags, 1);
  EXPECT_EQ(arp.arp_offset, 18);
  ASSERT_EQ(parse({.tags = {{.type = 0x8100, .tci = 0xf000}}}, arp), ARPL_PARSED);
  EXPECT_EQ(arp.vlan, 0) << "a priority tag";
  EXPECT_EQ(arp.tags, 1);
}

TEST(Parser, knows_two_and_three_tags_and_no_fourth) {
  const Tag q{.type = 0x8100, .tci = 1};
  const Tag ad{.type = 0x88a8, .tci = 1};
  EXPECT_EQ(parse({.tags = {q, q}}), ARPL_PARSED_TAGS);
  EXPECT_EQ(parse({.tags = {q, q, q}}), ARPL_PARSED_TAGS);
  EXPECT_EQ(parse({.tags = {q, q, q, q}}), ARPL_NOT_ARP);
  EXPECT_EQ(parse({.tags = {ad}}), ARPL_PARSED_TAGS);
  EXPECT_EQ(parse({.tags = {ad, q}}), ARPL_PARSED_TAGS);
  EXPECT_EQ(parse({.tags = {q, ad}}), ARPL_PARSED_TAGS);
  EXPECT_EQ(parse({.tags = {ad, ad, ad}}), ARPL_PARSED_TAGS);
}

TEST(Parser, leaves_other_protocols_alone) {
  for (const int type : {0x0000, 0x05dc, 0x0800, 0x8035, 0x86dd, 0x9100, 0x88e5, 0xffff})
    EXPECT_EQ(parse({.ethertype = static_cast<std::uint16_t>(type)}), ARPL_NOT_ARP) << type;
}

TEST(Parser, takes_hardware_type_six_as_linux_does) {
  EXPECT_EQ(parse({.hrd = 6}), ARPL_PARSED);
}

TEST(Parser, calls_every_wrong_header_malformed) {
  EXPECT_EQ(parse({.hrd = 0x0100}), ARPL_PARSED_MALFORMED);
  EXPECT_EQ(parse({.pro = 0x0806}), ARPL_PARSED_MALFORMED);
  EXPECT_EQ(parse({.hln = 0}), ARPL_PARSED_MALFORMED);
  EXPECT_EQ(parse({.hln = 255}), ARPL_PARSED_MALFORMED);
  EXPECT_EQ(parse({.pln = 0}), ARPL_PARSED_MALFORMED);
  EXPECT_EQ(parse({.pln = 16}), ARPL_PARSED_MALFORMED);
}

TEST(Parser, reads_nothing_behind_a_frame_of_any_length) {
  for (std::size_t tags = 0; tags <= 3; ++tags) {
    const std::size_t header = 14 + 4 * tags;
    for (std::size_t bytes = 0; bytes <= header + 28; ++bytes) {
      const FrameSpec spec{.tags = std::vector<Tag>(tags, Tag{.type = 0x8100, .tci = 1}), .bytes = bytes};
      const arpl_parsed expected = bytes < header        ? ARPL_NOT_ARP
                                   : tags > 1            ? ARPL_PARSED_TAGS
                                   : bytes < header + 28 ? ARPL_PARSED_MALFORMED
                                                         : ARPL_PARSED;
      EXPECT_EQ(parse(spec), expected) << tags << " tags, " << bytes << " bytes";
    }
  }
}

TEST(Parser, stores_macs_as_it_loads_them) {
  const std::uint8_t bytes[6] = {0x02, 0x42, 0x0a, 0x01, 0x00, 0x05};
  EXPECT_EQ(arpl_load_mac(bytes), packet::endpoint_mac);
  std::uint8_t out[7] = {0, 0, 0, 0, 0, 0, 0xee};
  arpl_store_mac(out, packet::endpoint_mac | ARPL_SLOT_FLAGS_MASK);
  EXPECT_TRUE(std::equal(bytes, bytes + 6, out)) << "flags in the high bits are left out";
  EXPECT_EQ(out[6], 0xee);
}

}  // namespace
}  // namespace arpline
