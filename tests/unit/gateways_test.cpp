// SPDX-License-Identifier: Apache-2.0
#include "kernel/gateways.hpp"

#include <gtest/gtest.h>

#include "instant.hpp"

namespace arpline {
namespace {

constexpr int kInterface = 7;

Ipv4 ip(const char* text) {
  return ipv4_from_text(text).value();
}

Route default_route(const char* gateway, std::uint32_t metric = 0, int ifindex = kInterface) {
  return {.ifindex = ifindex, .gateway = ip(gateway), .metric = metric};
}

Route route_to(const char* destination, std::uint8_t prefix_bits, const char* gateway) {
  return {.destination = ip(destination),
          .prefix_bits = prefix_bits,
          .ifindex = kInterface,
          .gateway = ip(gateway)};
}

std::string gateway(const std::vector<Route>& routes) {
  const auto found = gateway_of(routes, kInterface, ip("10.1.0.5"), 24);
  return found == 0 ? "none" : format_ipv4(found);
}

TEST(Gateways, the_default_route_of_the_interface_names_it) {
  const auto on_link = route_to("10.1.0.0", 24, "0.0.0.0");
  EXPECT_EQ(gateway({on_link, default_route("10.1.0.1")}), "10.1.0.1");
  EXPECT_EQ(gateway({on_link}), "none");
  EXPECT_EQ(gateway({}), "none");
}

TEST(Gateways, another_interfaces_route_is_none) {
  EXPECT_EQ(gateway({default_route("10.1.0.1", 0, kInterface + 1)}), "none");
}

TEST(Gateways, the_smallest_metric_wins) {
  EXPECT_EQ(
      gateway({default_route("10.1.0.1", 20), default_route("10.1.0.2", 10), default_route("10.1.0.3", 30)}),
      "10.1.0.2");
}

TEST(Gateways, without_a_default_route_the_widest_one_counts) {
  const auto narrow = route_to("192.0.2.0", 24, "10.1.0.2");
  const auto wide = route_to("172.16.0.0", 12, "10.1.0.3");
  EXPECT_EQ(gateway({narrow, wide}), "10.1.0.3");
  EXPECT_EQ(gateway({narrow, wide, default_route("10.1.0.1", 100)}), "10.1.0.1");
}

TEST(Gateways, one_outside_of_the_addresses_subnet_does_not_count) {
  EXPECT_EQ(gateway({default_route("10.2.0.1"), default_route("10.1.0.9", 50)}), "10.1.0.9");
  EXPECT_EQ(gateway({default_route("10.2.0.1")}), "none");
}

TEST(Gateways, the_address_itself_is_none) {
  EXPECT_EQ(gateway({default_route("10.1.0.5")}), "none");
}

}  // namespace
}  // namespace arpline
