// SPDX-License-Identifier: Apache-2.0
#include "endpoints/classify.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace arpline {
namespace {

Interface child(int nsid, const char* address, Mac mac = 0x2) {
  Interface i;
  i.netns = {.nsid = nsid, .name = "c"};
  i.name = "eth0";
  i.ifindex = 2;
  i.mac = mac;
  i.up = i.running = true;
  i.addresses = {{.address = inet_addr(address), .prefix_bits = 24}};
  return i;
}

// The endpoints of a namespace's interfaces, in order.
std::vector<Desired> classify(const std::vector<Interface>& interfaces) {
  const auto flags = flags_of(interfaces);
  std::vector<Desired> found;
  for (std::size_t i = 0; i < interfaces.size(); ++i) {
    Prefixes prefixes;
    for (const auto& address : interfaces[i].addresses) prefixes.add(address);
    for (const auto& address : interfaces[i].addresses)
      found.push_back(endpoint_of(interfaces[i], flags[i], address.address, prefixes.widest(address.address)));
  }
  return found;
}

std::uint64_t flags(const Desired& d) {
  return d.word & ARPL_SLOT_FLAGS_MASK;
}

TEST(Classify, a_plain_container_is_served_and_announced) {
  const auto found = classify(std::vector{child(10, "10.0.0.5", 0x42)});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].word, 0x42U);
  EXPECT_TRUE(found[0].announceable);
}

TEST(Classify, two_children_in_one_namespace_are_in_flux_unless_the_other_keeps_quiet) {
  auto a = child(10, "10.0.0.5");
  auto b = child(10, "10.0.0.6", 0x4);
  EXPECT_EQ(flags(classify(std::vector{a, b})[0]), ARPL_SLOT_FLUX);
  b.arp_ignore = 1;
  const auto found = classify(std::vector{a, b});
  EXPECT_EQ(flags(found[0]), 0U);
  EXPECT_EQ(flags(found[1]), ARPL_SLOT_FLUX) << "a still answers for b";
}

TEST(Classify, an_address_that_no_kernel_answers_for_is_not_announced) {
  const auto announced = [](const char* address, std::uint8_t prefix_bits) {
    auto one = child(10, address);
    one.addresses.front().prefix_bits = prefix_bits;
    return classify(std::vector{one})[0].announceable;
  };
  for (const auto* address : {"127.0.0.5", "0.1.2.3", "224.0.0.9", "239.1.1.1", "255.255.255.255"})
    EXPECT_FALSE(announced(address, 32)) << address;
  EXPECT_FALSE(announced("10.77.255.255", 16)) << "its subnet's broadcast address";
  EXPECT_TRUE(announced("10.76.255.255", 15));
  EXPECT_TRUE(announced("10.77.0.0", 16));
  EXPECT_TRUE(announced("10.77.0.1", 31));
}

TEST(Classify, a_child_in_the_parents_own_namespace_is_neither_served_nor_announced) {
  auto own = child(1, "10.0.0.5");
  own.netns.own = true;
  const auto found = classify(std::vector{own});
  EXPECT_EQ(flags(found[0]), ARPL_SLOT_HOST | ARPL_SLOT_FLUX);
  EXPECT_FALSE(found[0].announceable);
}

TEST(Classify, two_children_in_different_vlans_do_not_answer_for_each_other) {
  auto a = child(10, "10.0.0.5");
  auto b = child(10, "10.0.0.6", 0x4);
  b.vlan = 100;
  for (const auto& found : classify(std::vector{a, b})) EXPECT_EQ(flags(found), 0U);
}

TEST(Classify, mode_source_is_not_served) {
  auto a = child(10, "10.0.0.5");
  a.mode = MacvlanMode::source;
  EXPECT_EQ(flags(classify(std::vector{a})[0]), ARPL_SLOT_MODE_SOURCE);
}

TEST(Classify, down_no_carrier_and_noarp_are_neither_served_nor_announced) {
  auto down = child(10, "10.0.0.5");
  down.up = false;
  auto carrier = child(11, "10.0.0.6");
  carrier.running = false;
  auto noarp = child(12, "10.0.0.7");
  noarp.noarp = true;
  for (const auto& [interface, flag] :
       {std::pair{down, ARPL_SLOT_DOWN}, {carrier, ARPL_SLOT_DOWN}, {noarp, ARPL_SLOT_NOARP}}) {
    const auto found = classify(std::vector{interface});
    EXPECT_EQ(flags(found[0]), flag);
    EXPECT_FALSE(found[0].announceable);
  }
}

TEST(Classify, arp_ignore_up_to_2_is_announced_and_more_is_not) {
  for (int ignore = 0; ignore <= 8; ++ignore) {
    auto a = child(10, "10.0.0.5");
    a.arp_ignore = ignore;
    const auto found = classify(std::vector{a});
    EXPECT_EQ(found[0].announceable, ignore <= 2) << ignore;
    EXPECT_EQ(flags(found[0]), 0U);
  }
}

TEST(Classify, the_widest_prefix_that_contains_the_address_counts) {
  auto a = child(10, "10.0.0.5");
  a.addresses.push_back({.address = inet_addr("10.0.1.1"), .prefix_bits = 16});
  a.addresses.push_back({.address = inet_addr("192.168.0.1"), .prefix_bits = 8});
  const auto found = classify(std::vector{a});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].prefix_bits, 16);
  EXPECT_EQ(found[1].prefix_bits, 16);
  EXPECT_EQ(found[2].prefix_bits, 8);
}

TEST(Classify, changed_arp_settings_or_another_interface_show_in_settings) {
  const auto plain = classify(std::vector{child(10, "10.0.0.5")})[0].settings;
  auto ignore = child(10, "10.0.0.5");
  ignore.arp_ignore = 8;
  auto filter = child(10, "10.0.0.5");
  filter.rp_filter = 1;
  auto other = child(10, "10.0.0.5");
  other.ifindex = 9;
  auto moved = child(11, "10.0.0.5");
  for (const auto& i : {ignore, filter, other, moved}) EXPECT_NE(classify(std::vector{i})[0].settings, plain);
}

}  // namespace
}  // namespace arpline
