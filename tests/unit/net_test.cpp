// SPDX-License-Identifier: Apache-2.0
#include "base/net.hpp"

#include <gtest/gtest.h>

namespace arpline {
namespace {

constexpr Mac some_mac = 0x0500010a4202;

TEST(Net, writes_macs_as_people_read) {
  EXPECT_EQ(format_mac(some_mac), "02:42:0a:01:00:05");
  EXPECT_EQ(format_mac(0), "00:00:00:00:00:00");
  EXPECT_EQ(format_mac(some_mac | 0xffff000000000000U), "02:42:0a:01:00:05") << "flags are left out";
}

TEST(Net, writes_addresses_as_people_read) {
  EXPECT_EQ(format_ipv4(0x0500010a), "10.1.0.5");
  EXPECT_EQ(format_ipv4(0), "0.0.0.0");
  EXPECT_EQ(format_ipv4(0xffffffff), "255.255.255.255");
}

TEST(Net, takes_the_first_byte_as_the_lowest) {
  const unsigned char bytes[] = {0x02, 0x42, 0x0a, 0x01, 0x00, 0x05};
  EXPECT_EQ(mac_from_bytes(bytes), some_mac);
}

TEST(Net, reads_macs_as_people_write_them) {
  EXPECT_EQ(mac_from_text("02:42:0a:01:00:05"), some_mac);
  EXPECT_EQ(mac_from_text("02:42:0A:01:00:05"), some_mac);
  for (const auto* text :
       {"", "02:42:0a:01:00", "02:42:0a:01:00:05:06", "2:42:0a:01:00:05", "02-42-0a-01-00-05",
        "02:42:0a:01:00:0g", "02:42:0a:01:00:-5", "0x:42:0a:01:00:05", "02:42:0a:01:00:0 "}) {
    EXPECT_EQ(mac_from_text(text), std::nullopt) << text;
  }
}

TEST(Net, reads_addresses_as_people_write_them) {
  EXPECT_EQ(ipv4_from_text("10.1.0.5"), 0x0500010aU);
  for (const auto* text : {"", "10.1.0", "10.1.0.256", "10.1.0.5 ", "::1", "0x0a.1.0.5", "10.1.0.5/8"}) {
    EXPECT_EQ(ipv4_from_text(text), std::nullopt) << text;
  }
  EXPECT_EQ(ipv4_from_text(std::string("10.1.0.5\0x", 10)), std::nullopt);
}

TEST(Net, knows_what_a_subnet_covers) {
  const auto net = *ipv4_from_text("10.1.2.3");
  EXPECT_EQ(netmask(0), 0U);
  EXPECT_EQ(netmask(20), ipv4_from_text("255.255.240.0"));
  EXPECT_EQ(netmask(32), 0xffffffffU);
  EXPECT_TRUE(covers(net, 16, *ipv4_from_text("10.1.255.1")));
  EXPECT_FALSE(covers(net, 16, *ipv4_from_text("10.2.2.3")));
  EXPECT_TRUE(covers(net, 0, *ipv4_from_text("192.0.2.1")));
  EXPECT_FALSE(covers(net, 32, *ipv4_from_text("10.1.2.2")));
}

}  // namespace
}  // namespace arpline
