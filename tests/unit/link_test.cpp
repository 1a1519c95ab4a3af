// SPDX-License-Identifier: Apache-2.0
#include "kernel/link.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <array>
#include <memory>

namespace arpline {
namespace {

struct Message {
  explicit Message(const char* kind) {
    nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
    header->nlmsg_type = RTM_NEWLINK;
    mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg));
    info = mnl_attr_nest_start(header, IFLA_LINKINFO);
    mnl_attr_put_strz(header, IFLA_INFO_KIND, kind);
    data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
  }

  nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(buffer.data()); }

  LinkRecord parsed() {
    mnl_attr_nest_end(header(), data);
    mnl_attr_nest_end(header(), info);
    return parse_link(*header());
  }

  alignas(nlmsghdr) std::array<char, 512> buffer{};
  nlattr* info = nullptr;
  nlattr* data = nullptr;
};

TEST(Link, vlan_interface_has_its_id_and_its_protocol) {
  Message message{"vlan"};
  mnl_attr_put_u16(message.header(), IFLA_VLAN_PROTOCOL, htons(ETH_P_8021AD));
  mnl_attr_put_u16(message.header(), IFLA_VLAN_ID, 4094);
  const LinkRecord link = message.parsed();
  EXPECT_EQ(link.kind, "vlan");
  EXPECT_EQ(link.vlan_id, 4094);
  EXPECT_EQ(link.vlan_protocol, ETH_P_8021AD);
  EXPECT_EQ(link.macvlan_mode, 0U);
}

TEST(Link, vlan_attribute_that_is_too_short_is_no_vlan) {
  Message message{"vlan"};
  mnl_attr_put_u8(message.header(), IFLA_VLAN_ID, 100);
  EXPECT_EQ(message.parsed().vlan_id, 0);
}

TEST(Link, attribute_of_a_macvlan_is_not_read_as_a_vlan_s) {
  static_assert(static_cast<int>(IFLA_MACVLAN_MODE) == static_cast<int>(IFLA_VLAN_ID));
  Message message{"macvlan"};
  mnl_attr_put_u32(message.header(), IFLA_MACVLAN_MODE, MACVLAN_MODE_VEPA);
  const LinkRecord link = message.parsed();
  EXPECT_EQ(link.macvlan_mode, MACVLAN_MODE_VEPA);
  EXPECT_EQ(link.vlan_id, 0);
  EXPECT_EQ(link.vlan_protocol, 0);
}

TEST(Link, message_that_ends_within_its_header_has_no_more_than_is_there) {
  // A heap block of exactly its size, so that a sanitizer finds a read beyond it.
  const auto whole = std::make_unique<char[]>(NLMSG_LENGTH(4));
  auto& message = *mnl_nlmsg_put_header(whole.get());
  message.nlmsg_type = RTM_NEWLINK;
  message.nlmsg_len = NLMSG_LENGTH(4);
  EXPECT_EQ(parse_link(message).ifindex, 0);
  message.nlmsg_type = RTM_NEWADDR;
  *static_cast<char*>(mnl_nlmsg_get_payload(&message)) = AF_INET;
  EXPECT_FALSE(parse_address(message));
}

TEST(Link, message_longer_than_what_is_left_is_none) {
  nlmsghdr message{};
  for (const std::uint32_t length : {0U, 15U, 21U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    message.nlmsg_len = length;
    EXPECT_FALSE(is_whole(&message, 20)) << length;
  }
  message.nlmsg_len = 20;
  EXPECT_TRUE(is_whole(&message, 20));
  EXPECT_FALSE(is_whole(&message, 15));
}

}  // namespace
}  // namespace arpline
