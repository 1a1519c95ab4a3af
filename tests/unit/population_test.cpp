// SPDX-License-Identifier: Apache-2.0
#include "endpoints/population.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace arpline {
namespace {

Interface child(int nsid, int ifindex, Mac mac = 0x2) {
  Interface i;
  i.netns = {.nsid = nsid, .name = "c"};
  i.name = i.first_name = "mv0";
  i.ifindex = ifindex;
  i.mac = mac;
  i.up = i.running = true;
  return i;
}

InterfaceAddress address(const char* text, std::uint8_t bits = 24) {
  return {.address = inet_addr(text), .prefix_bits = bits};
}

arpl_endpoint_key key(const char* text, std::uint16_t vlan = 0) {
  return {.address = inet_addr(text), .vlan = vlan, .zero = 0};
}

std::set<std::string> texts(const std::vector<Population::Touched>& list) {
  std::set<std::string> all;
  for (const auto& one : list) all.insert(format_ipv4(one.key.address));
  return all;
}

using Texts = std::set<std::string>;

TEST(Population, reports_added_and_removed_addresses_and_nothing_else) {
  Population all;
  auto one = child(1, 2);
  one.addresses = {address("10.0.0.5"), address("10.0.0.6")};
  const auto first = all.replace(1, {one});
  EXPECT_EQ(texts(first.came), (Texts{"10.0.0.5", "10.0.0.6"}));
  EXPECT_TRUE(first.interfaces);
  one.addresses = {address("10.0.0.7"), address("10.0.0.5")};
  const auto second = all.replace(1, {one});
  EXPECT_EQ(texts(second.came), Texts{"10.0.0.7"});
  EXPECT_EQ(texts(second.went), Texts{"10.0.0.6"});
  EXPECT_TRUE(second.altered.empty() && second.adjusted.empty() && !second.interfaces);
  EXPECT_FALSE(all.endpoint({1, 2}, key("10.0.0.6")));
  EXPECT_TRUE(all.endpoint({1, 2}, key("10.0.0.5")));
  EXPECT_FALSE(all.endpoint({1, 2}, key("10.0.0.5", 7)));
}

TEST(Population, another_mac_or_flag_alters_all_of_the_interface_and_other_settings_adjust_it) {
  Population all;
  auto one = child(1, 2);
  one.addresses = {address("10.0.0.5")};
  all.replace(1, {one});
  one.mac = 0x4;
  EXPECT_EQ(texts(all.replace(1, {one}).altered), Texts{"10.0.0.5"});
  one.up = false;
  EXPECT_EQ(texts(all.replace(1, {one}).altered), Texts{"10.0.0.5"});
  one.rp_filter = 1;
  EXPECT_EQ(texts(all.replace(1, {one}).adjusted), Texts{"10.0.0.5"});
}

TEST(Population, a_second_interface_that_answers_too_alters_the_first_ones_addresses) {
  Population all;
  auto one = child(1, 2);
  one.addresses = {address("10.0.0.5")};
  all.replace(1, {one});
  const auto changes = all.replace(1, {one, child(1, 3, 0x4)});
  EXPECT_EQ(texts(changes.altered), Texts{"10.0.0.5"});
  EXPECT_EQ(all.endpoint({1, 2}, key("10.0.0.5")).value().word, 0x2U | ARPL_SLOT_FLUX);
}

TEST(Population, the_widest_prefix_that_contains_an_address_counts_as_it_comes_and_goes) {
  Population all;
  auto one = child(1, 2);
  one.addresses = {address("10.0.0.5"), address("10.0.9.9"), address("192.168.0.1")};
  all.replace(1, {one});
  one.addresses.push_back(address("10.0.1.1", 16));
  EXPECT_EQ(texts(all.replace(1, {one}).adjusted), (Texts{"10.0.0.5", "10.0.1.1", "10.0.9.9"}));
  EXPECT_EQ(all.endpoint({1, 2}, key("10.0.0.5")).value().prefix_bits, 16);
  EXPECT_EQ(all.endpoint({1, 2}, key("192.168.0.1")).value().prefix_bits, 24);
  one.addresses.pop_back();
  all.replace(1, {one});
  EXPECT_EQ(all.endpoint({1, 2}, key("10.0.0.5")).value().prefix_bits, 24);
}

TEST(Population, an_address_with_two_prefixes_counts_once_and_goes_with_the_last) {
  Population all;
  auto one = child(1, 2);
  one.addresses = {address("10.0.0.5", 24), address("10.0.0.5", 16)};
  EXPECT_EQ(all.replace(1, {one}).came.size(), 1U);
  one.addresses = {address("10.0.0.5", 24)};
  EXPECT_TRUE(all.replace(1, {one}).went.empty());
  one.addresses.clear();
  EXPECT_EQ(all.replace(1, {one}).went.size(), 1U);
}

TEST(Population, an_interface_that_changes_its_vlan_is_a_new_one) {
  Population all;
  auto one = child(1, 2);
  one.addresses = {address("10.0.0.5")};
  all.replace(1, {one});
  one.vlan = 7;
  const auto changes = all.replace(1, {one});
  EXPECT_EQ(changes.went.size(), 1U);
  EXPECT_EQ(changes.came.size(), 1U);
}

// Each touched address costs work: thirty thousand addresses that come one by one are touched once each.
TEST(Population, thirty_thousand_addresses_of_one_network_are_touched_once_each) {
  Population all;
  auto one = child(1, 2);
  std::size_t touched = 0;
  for (std::uint32_t i = 0; i < 30'000; ++i) {
    one.addresses.push_back({.address = htonl(0x0a000000U + i), .prefix_bits = 8});
    if (i % 1000 != 999) continue;
    const auto changes = all.replace(1, {one});
    touched += changes.came.size() + changes.went.size() + changes.altered.size() + changes.adjusted.size();
  }
  EXPECT_LE(touched, 32'000U);
}

}  // namespace
}  // namespace arpline
