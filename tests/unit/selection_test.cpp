// SPDX-License-Identifier: Apache-2.0
#include "base/selection.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/error.hpp"
#include "config/config.hpp"

namespace arpline {
namespace {

Ipv4 ip(const char* text) {
  return ipv4_from_text(text).value();
}

ParentConfig load(const std::string& lines) {
  const auto path = testing::TempDir() + "arpline-selection-" + std::to_string(getpid()) + ".toml";
  std::ofstream(path) << "[parent.nic0]\n" << lines << "\n";
  try {
    const auto config = load_config(path, {});
    unlink(path.c_str());
    return config.parents.at(0);
  } catch (...) {
    unlink(path.c_str());
    throw;
  }
}

std::string refusal(const std::string& lines) {
  try {
    load(lines);
  } catch (const SetupError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(AddressRange, holds_what_its_prefix_covers) {
  const AddressRange range{.network = ip("10.1.2.0"), .prefix_bits = 23};
  EXPECT_TRUE(range.contains(ip("10.1.2.0")));
  EXPECT_TRUE(range.contains(ip("10.1.3.255")));
  EXPECT_FALSE(range.contains(ip("10.1.4.0")));
  EXPECT_FALSE(range.contains(ip("10.1.1.255")));
}

TEST(AddressRange, without_a_prefix_holds_all_and_with_all_bits_one) {
  EXPECT_TRUE((AddressRange{.network = ip("10.0.0.0"), .prefix_bits = 0}.contains(ip("192.168.1.1"))));
  const AddressRange one{.network = ip("10.0.0.5"), .prefix_bits = 32};
  EXPECT_TRUE(one.contains(ip("10.0.0.5")));
  EXPECT_FALSE(one.contains(ip("10.0.0.4")));
}

TEST(Pattern, without_any_part_matches_all) {
  EXPECT_TRUE(Pattern{}.matches("eth0", "blue", ip("10.0.0.1"), 1));
}

TEST(Pattern, every_part_that_is_given_must_match) {
  const Pattern pattern{.interface = "eth*",
                        .netns = "blue-?",
                        .address = AddressRange{.network = ip("10.0.0.0"), .prefix_bits = 24},
                        .mac = 0x42};
  EXPECT_TRUE(pattern.matches("eth12", "blue-1", ip("10.0.0.9"), 0x42));
  EXPECT_FALSE(pattern.matches("mv0", "blue-1", ip("10.0.0.9"), 0x42));
  EXPECT_FALSE(pattern.matches("eth12", "blue-10", ip("10.0.0.9"), 0x42));
  EXPECT_FALSE(pattern.matches("eth12", "blue-1", ip("10.0.1.9"), 0x42));
  EXPECT_FALSE(pattern.matches("eth12", "blue-1", ip("10.0.0.9"), 0x43));
}

TEST(Selection, reads_static_endpoints) {
  const auto statics = load(R"(static = [{ ip = "192.168.1.50/24", mac = "52:54:00:12:34:56", vlan = 100 },
                                         { ip = "192.168.1.50", mac = "52:54:00:12:34:57" }])")
                           .statics;
  ASSERT_EQ(statics.size(), 2U);
  EXPECT_EQ(statics[0], (StaticEndpoint{.address = ip("192.168.1.50"),
                                        .prefix_bits = 24,
                                        .mac = mac_from_text("52:54:00:12:34:56").value(),
                                        .vlan = 100}));
  EXPECT_EQ(statics[1].prefix_bits, 0) << "whoever asks counts as being in its subnet";
  EXPECT_EQ(statics[1].vlan, 0) << "untagged";
}

TEST(Selection, reads_patterns) {
  const auto parent = load(R"(include = [{ interface = "eth*", namespace = "web-?" }]
                              exclude = [{ address = "10.0.0.7/24" }, { address = "10.0.0.5" },
                                         { mac = "02:00:00:00:00:09" }])");
  ASSERT_EQ(parent.include.size(), 1U);
  EXPECT_EQ(parent.include[0], (Pattern{.interface = "eth*", .netns = "web-?", .address = {}, .mac = {}}));
  ASSERT_EQ(parent.exclude.size(), 3U);
  EXPECT_EQ(parent.exclude[0].address, (AddressRange{.network = ip("10.0.0.0"), .prefix_bits = 24}));
  EXPECT_EQ(parent.exclude[1].address, (AddressRange{.network = ip("10.0.0.5"), .prefix_bits = 32}));
  EXPECT_EQ(parent.exclude[2].mac, mac_from_text("02:00:00:00:00:09"));
}

TEST(Selection, reads_arrays_of_tables_in_their_long_form_too) {
  const auto parent =
      load("[[parent.nic0.exclude]]\ninterface = \"a\"\n[[parent.nic0.exclude]]\ninterface = \"b\"");
  EXPECT_EQ(parent.exclude.size(), 2U);
}

TEST(Selection, refuses_with_file_line_and_key) {
  const auto line =
      refusal("static = [\n{ ip = \"10.0.0.5\", mac = \"02:00:00:00:00:01\" },\n{ ip = \"10.0.0\" }]");
  EXPECT_NE(line.find(R"(.toml:4: parent.nic0.static[1].ip: "10.0.0" is no IPv4 address)"), std::string::npos)
      << line;
  EXPECT_NE(refusal("include = [{}]").find(":2: parent.nic0.include[0]: needs at least one of"),
            std::string::npos);
}

TEST(Selection, refuses_an_address_that_is_there_twice_in_one_vlan) {
  constexpr const char* kEntry = R"({ ip = "10.0.0.5", mac = "02:00:00:00:00:01" })";
  const auto twice = std::string("static = [") + kEntry + ", " + kEntry + "]";
  EXPECT_NE(refusal(twice).find("static[1]: 10.0.0.5 is there twice"), std::string::npos) << refusal(twice);
  EXPECT_NE(refusal(R"(static = [{ ip = "10.0.0.5", mac = "02:00:00:00:00:01", vlan = 0 },
                                 { ip = "10.0.0.5/24", mac = "02:00:00:00:00:02" }])")
                .find("twice"),
            std::string::npos);
}

TEST(Selection, refuses_what_can_be_no_hosts_address_or_mac) {
  for (const auto* address :
       {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "239.255.255.250", "255.255.255.255", "10.0.0.0/24",
        "10.0.0.255/24", "10.0.0.5/33", "10.0.0.5/", "10.0.0.5/-1", "x"}) {
    const auto line = std::string(R"(static = [{ mac = "02:00:00:00:00:01", ip = ")") + address + R"(" }])";
    EXPECT_NE(refusal(line).find("static[0].ip: "), std::string::npos) << address << ": " << refusal(line);
  }
  for (const auto* mac : {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "02:00:00", ""}) {
    const auto line = std::string(R"(static = [{ ip = "10.0.0.5", mac = ")") + mac + R"(" }])";
    EXPECT_NE(refusal(line).find("static[0].mac: "), std::string::npos) << mac << ": " << refusal(line);
  }
}

TEST(Selection, takes_both_addresses_of_a_point_to_point_network) {
  EXPECT_EQ(load(R"(static = [{ ip = "10.0.0.4/31", mac = "02:00:00:00:00:01" },
                              { ip = "10.0.0.5/31", mac = "02:00:00:00:00:02" },
                              { ip = "10.0.0.6/32", mac = "02:00:00:00:00:03" }])")
                .statics.size(),
            3U);
}

TEST(Selection, refuses_wrong_types_and_unknown_keys) {
  for (const auto* line :
       {"static = 1", "static = [1]", R"(static = { ip = "10.0.0.5" })", R"(static = [{ ip = "10.0.0.5" }])",
        R"(static = [{ mac = "02:00:00:00:00:01" }])", R"(static = [{ ip = 5, mac = "02:00:00:00:00:01" }])",
        R"(static = [{ ip = "10.0.0.5", mac = "02:00:00:00:00:01", vlan = 4095 }])",
        R"(static = [{ ip = "10.0.0.5", mac = "02:00:00:00:00:01", vlan = "1" }])",
        R"(static = [{ ip = "10.0.0.5", mac = "02:00:00:00:00:01", port = 1 }])", R"(include = "eth0")",
        R"(include = ["eth0"])", R"(include = [{ name = "eth0" }])", R"(exclude = [{ interface = "" }])",
        "exclude = [{ interface = 5 }]", R"(exclude = [{ address = "10.0.0.0/x" }])",
        R"(exclude = [{ mac = "x" }])"}) {
    EXPECT_NE(refusal(line), "accepted") << line;
    EXPECT_EQ(refusal(line).find('\n'), std::string::npos) << "one line: " << line;
  }
}

}  // namespace
}  // namespace arpline
