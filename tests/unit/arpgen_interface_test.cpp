// SPDX-License-Identifier: Apache-2.0
#include "arpgen/interface.hpp"

#include <gtest/gtest.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstring>
#include <functional>
#include <string>

#include "base/error.hpp"

namespace arpline::gen {
namespace {

// A message with the attributes that `put` adds.
struct Message {
  alignas(nlmsghdr) std::array<char, 512> buffer{};
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
};

Message route(unsigned char prefix, unsigned char type, const std::function<void(nlmsghdr*)>& put) {
  Message message;
  message.header->nlmsg_type = RTM_NEWROUTE;
  auto* fields = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(message.header, sizeof(rtmsg)));
  fields->rtm_dst_len = prefix;
  fields->rtm_type = type;
  put(message.header);
  return message;
}

Message link(int index, const std::function<void(nlmsghdr*)>& put) {
  Message message;
  message.header->nlmsg_type = RTM_NEWLINK;
  static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message.header, sizeof(ifinfomsg)))->ifi_index = index;
  put(message.header);
  return message;
}

void put_kind(nlmsghdr* header, const char* kind) {
  nlattr* nest = mnl_attr_nest_start(header, IFLA_LINKINFO);
  mnl_attr_put_strz(header, IFLA_INFO_KIND, kind);
  mnl_attr_nest_end(header, nest);
}

using Links = std::vector<unsigned>;

TEST(ArpgenInterface, a_default_route_leads_to_its_link) {
  const auto put = [](nlmsghdr* header) { mnl_attr_put_u32(header, RTA_OIF, 7); };
  EXPECT_EQ(default_route_links(*route(0, RTN_UNICAST, put).header), Links{7});
  EXPECT_EQ(default_route_links(*route(24, RTN_UNICAST, put).header), Links{});
  EXPECT_EQ(default_route_links(*route(0, RTN_UNREACHABLE, put).header), Links{}) << "leads nowhere";
}

TEST(ArpgenInterface, a_multipath_default_route_leads_to_all_its_links) {
  const auto put = [](nlmsghdr* header) {
    nlattr* nest = mnl_attr_nest_start(header, RTA_MULTIPATH);
    for (const int index : {3, 9}) {
      rtnexthop hop{};
      hop.rtnh_ifindex = index;
      hop.rtnh_len = sizeof hop + 8;  // with a gateway of 4 bytes in an attribute
      auto* place = static_cast<char*>(mnl_nlmsg_get_payload_tail(header));
      std::memcpy(place, &hop, sizeof hop);
      header->nlmsg_len += sizeof hop;
      mnl_attr_put_u32(header, RTA_GATEWAY, 1);
    }
    mnl_attr_nest_end(header, nest);
  };
  EXPECT_EQ(default_route_links(*route(0, RTN_UNICAST, put).header), (Links{3, 9}));
}

TEST(ArpgenInterface, a_default_route_by_an_unknown_link_is_anybodys) {
  const auto put = [](nlmsghdr* header) { mnl_attr_put_u32(header, RTA_NH_ID, 1); };
  const auto links = default_route_links(*route(0, RTN_UNICAST, put).header);
  EXPECT_EQ(links, Links{0});
  EXPECT_EQ(default_route_beside(5, {}, links), 5U);
}

TEST(ArpgenInterface, a_link_stands_on_its_lower_and_in_its_master) {
  const auto message = link(5, [](nlmsghdr* header) {
    mnl_attr_put_u32(header, IFLA_LINK, 2);
    mnl_attr_put_u32(header, IFLA_MASTER, 8);
    put_kind(header, "macvlan");
  });
  const Link read = link_of(*message.header);
  EXPECT_EQ(read.index, 5U);
  EXPECT_EQ(read.lower, 2U);
  EXPECT_EQ(read.master, 8U);
  EXPECT_EQ(read.flags, 0U) << "down";
}

TEST(ArpgenInterface, a_lower_in_another_namespace_is_none) {
  const auto message = link(5, [](nlmsghdr* header) {
    mnl_attr_put_u32(header, IFLA_LINK, 2);
    mnl_attr_put_u32(header, IFLA_LINK_NETNSID, 0);
  });
  EXPECT_EQ(link_of(*message.header).lower, 0U);
}

TEST(ArpgenInterface, the_ends_of_a_veth_do_not_stand_on_each_other) {
  const auto message = link(5, [](nlmsghdr* header) {
    mnl_attr_put_u32(header, IFLA_LINK, 4);
    put_kind(header, "veth");
  });
  EXPECT_EQ(link_of(*message.header).lower, 0U);
}

// 2 is the NIC, 3 a macvlan on it, 4 a VLAN on it; 5 and 6 are ports of bridge 8; 7 stands alone.
const std::array<Link, 7> wires{{{.index = 2},
                                 {.index = 3, .lower = 2},
                                 {.index = 4, .lower = 2},
                                 {.index = 5, .master = 8},
                                 {.index = 6, .master = 8},
                                 {.index = 7},
                                 {.index = 8}}};

TEST(ArpgenInterface, one_wire_is_whatever_stands_on_it_or_is_bridged_with_it) {
  EXPECT_EQ(default_route_beside(2, wires, Links{2}), 2U) << "itself";
  EXPECT_EQ(default_route_beside(2, wires, Links{3}), 3U) << "what stands on it";
  EXPECT_EQ(default_route_beside(3, wires, Links{2}), 2U) << "what it stands on";
  EXPECT_EQ(default_route_beside(3, wires, Links{4}), 4U) << "a sibling";
  EXPECT_EQ(default_route_beside(5, wires, Links{8}), 8U) << "its bridge";
  EXPECT_EQ(default_route_beside(5, wires, Links{6}), 6U) << "another port";
  EXPECT_EQ(default_route_beside(8, wires, Links{6}), 6U);
  for (const unsigned index : {2U, 3U, 4U, 7U})
    EXPECT_FALSE(default_route_beside(index, wires, Links{8})) << index;
  EXPECT_FALSE(default_route_beside(7, wires, Links{2, 8}));
  EXPECT_FALSE(default_route_beside(2, wires, Links{}));
}

TEST(ArpgenInterface, names_an_interface_that_is_not_there) {
  for (const std::string name : {"", "no-such-if", "a-name-that-is-far-too-long-for-one"}) {
    EXPECT_THROW(index_of(name), SetupError) << name;
    EXPECT_THROW(identity_of(name), SetupError) << name;
    EXPECT_THROW(require_up(name), SetupError) << name;
    EXPECT_THROW(refuse_default_route(name, 0), SetupError) << name;
  }
}

TEST(ArpgenInterface, loopback_is_no_ethernet) {
  EXPECT_EQ(index_of("lo"), 1U);
  EXPECT_NO_THROW(require_up("lo"));
  EXPECT_THROW(identity_of("lo"), SetupError);
  EXPECT_NO_THROW(refuse_default_route("lo", 2)) << "told twice";
}

}  // namespace
}  // namespace arpline::gen
