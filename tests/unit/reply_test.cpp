// SPDX-License-Identifier: Apache-2.0
#include "shared/reply.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "shared/packet.h"

namespace arpline {
namespace {

std::vector<std::uint8_t> hex(std::string_view text) {
  std::vector<std::uint8_t> out;
  int digits = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    const int value = c <= '9' ? c - '0' : c - 'a' + 10;
    if (digits++ % 2 == 0)
      out.push_back(static_cast<std::uint8_t>(value << 4));
    else
      out.back() = static_cast<std::uint8_t>(out.back() | value);
  }
  return out;
}

constexpr __u64 endpoint_mac = 0x0500010a4202;  // 02:42:0a:01:00:05
constexpr __be32 endpoint_ip = 0x0500010a;      // 10.1.0.5

constexpr std::string_view who_has =
    "ffffffffffff 525400123499 0806 0001 0800 06 04 0001 525400123499 0a010063 000000000000 0a010005";
constexpr std::string_view tagged_who_has =
    "ffffffffffff 525400123499 8100 a064 0806 0001 0800 06 04 0001 525400123499 0a010063 000000000000 0a010005";
constexpr std::string_view priority_tagged_who_has =
    "ffffffffffff 525400123499 8100 e000 0806 0001 0800 06 04 0001 525400123499 0a010063 000000000000 0a010005";

std::vector<std::uint8_t> reply_to(std::string_view request) {
  const auto frame = hex(request);
  arpl_arp arp{};
  EXPECT_EQ(arpl_parse(frame.data(), frame.data() + frame.size(), &arp), ARPL_PARSED);
  std::vector<std::uint8_t> out(ARPL_WRITTEN_BYTES, 0xee);
  out.resize(arpl_write_reply(out.data(), &arp, endpoint_mac));
  return out;
}

TEST(Reply, is_the_kernels) {
  EXPECT_EQ(reply_to(who_has), hex("525400123499 02420a010005 0806 0001 0800 06 04 0002"
                                   "02420a010005 0a010005 525400123499 0a010063"));
}

TEST(Reply, keeps_the_tags_id_and_not_its_priority) {
  EXPECT_EQ(reply_to(tagged_who_has), hex("525400123499 02420a010005 8100 0064 0806 0001 0800 06 04 0002"
                                          "02420a010005 0a010005 525400123499 0a010063"));
}

TEST(Reply, to_a_priority_tagged_request_is_untagged) {
  EXPECT_EQ(reply_to(priority_tagged_who_has), reply_to(who_has));
}

TEST(Reply, goes_to_the_sender_mac_as_the_kernels_does) {
  auto frame = hex(who_has);
  frame[11] = 0x77;  // the Ethernet source differs from the sender MAC
  arpl_arp arp{};
  ASSERT_EQ(arpl_parse(frame.data(), frame.data() + frame.size(), &arp), ARPL_PARSED);
  std::vector<std::uint8_t> out(ARPL_WRITTEN_BYTES);
  out.resize(arpl_write_reply(out.data(), &arp, endpoint_mac));
  EXPECT_EQ(out, reply_to(who_has));
}

TEST(Reply, writes_nothing_behind_its_length) {
  const auto frame = hex(who_has);
  arpl_arp arp{};
  ASSERT_EQ(arpl_parse(frame.data(), frame.data() + frame.size(), &arp), ARPL_PARSED);
  std::vector<std::uint8_t> out(64, 0xee);
  const auto length = arpl_write_reply(out.data(), &arp, endpoint_mac);
  EXPECT_EQ(length, 42U);
  for (std::size_t i = length; i < out.size(); ++i) EXPECT_EQ(out[i], 0xee) << i;
}

TEST(Reply, is_written_in_place_of_the_request) {
  for (const auto request : {who_has, tagged_who_has}) {
    auto frame = hex(request);
    arpl_arp arp{};
    ASSERT_EQ(arpl_parse(frame.data(), frame.data() + frame.size(), &arp), ARPL_PARSED);
    frame.resize(arpl_write_reply(frame.data(), &arp, endpoint_mac));
    EXPECT_EQ(frame, reply_to(request));
  }
}

TEST(Reply, is_understood_by_our_own_parser) {
  const auto out = reply_to(tagged_who_has);
  arpl_arp arp{};
  ASSERT_EQ(arpl_parse(out.data(), out.data() + out.size(), &arp), ARPL_PARSED);
  EXPECT_EQ(arp.op, ARPL_OP_REPLY);
  EXPECT_EQ(arp.vlan, 100);
  EXPECT_EQ(arp.sender_mac, endpoint_mac);
  EXPECT_EQ(arp.sender_ip, endpoint_ip);
}

std::vector<std::uint8_t> bytes_of(const arpl_write& frame) {
  std::vector<std::uint8_t> out(ARPL_WRITTEN_BYTES, 0xee);
  out.resize(arpl_write_arp(out.data(), &frame));
  return out;
}

std::vector<std::uint8_t> announcement(__u16 vlan) {
  return bytes_of(arpl_announcement(endpoint_mac, endpoint_ip, vlan));
}

TEST(Announcement, is_that_of_rfc5227) {
  EXPECT_EQ(announcement(0), hex("ffffffffffff 02420a010005 0806 0001 0800 06 04 0001"
                                 "02420a010005 0a010005 000000000000 0a010005"));
}

TEST(Announcement, carries_its_vlan) {
  EXPECT_EQ(announcement(4094), hex("ffffffffffff 02420a010005 8100 0ffe 0806 0001 0800 06 04 0001"
                                    "02420a010005 0a010005 000000000000 0a010005"));
}

TEST(Announcement, leaves_the_slots_flags_out) {
  EXPECT_EQ(bytes_of(arpl_announcement(endpoint_mac | ARPL_SLOT_FLUX, endpoint_ip, 0)), announcement(0));
}

TEST(Announcement, as_a_reply_has_the_same_mac_as_sender_and_target) {
  EXPECT_EQ(bytes_of(arpl_announcement_reply(endpoint_mac, endpoint_ip, 0)),
            hex("ffffffffffff 02420a010005 0806 0001 0800 06 04 0002"
                "02420a010005 0a010005 02420a010005 0a010005"));
}

TEST(Probe, is_that_of_rfc5227) {
  EXPECT_EQ(bytes_of(arpl_probe(endpoint_mac, endpoint_ip, 0)),
            hex("ffffffffffff 02420a010005 0806 0001 0800 06 04 0001"
                "02420a010005 00000000 000000000000 0a010005"));
}

TEST(WhoHas, asks_one_station_or_all) {
  const auto broadcast =
      hex("ffffffffffff 02420a010005 8100 0064 0806 0001 0800 06 04 0001"
          "02420a010005 0a010005 000000000000 0a010001");
  auto unicast = broadcast;
  std::ranges::copy(hex("525400123499"), unicast.begin());
  constexpr __be32 gateway = 0x0100010a;
  constexpr __u64 gateway_mac = 0x993412005452;
  EXPECT_EQ(bytes_of(arpl_who_has(endpoint_mac, endpoint_ip, gateway, ARPL_MAC_BROADCAST, 100)), broadcast);
  EXPECT_EQ(bytes_of(arpl_who_has(endpoint_mac, endpoint_ip, gateway, gateway_mac, 100)), unicast);
}

}  // namespace
}  // namespace arpline
