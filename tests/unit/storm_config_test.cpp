// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/error.hpp"
#include "config/config.hpp"

namespace arpline {
namespace {

Config load(const std::string& text) {
  const auto path = testing::TempDir() + "arpline-storm-" + std::to_string(getpid()) + ".toml";
  std::ofstream(path) << text;
  return load_config(path, {"nic0"});
}

std::string refusal(const std::string& text) {
  try {
    load(text);
  } catch (const SetupError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(StormConfig, nothing_is_limited_unless_it_is_asked_for_by_name) {
  EXPECT_TRUE(load("").storm.empty());
  EXPECT_TRUE(load("[limits]\nforeign = 5\n[limits.broadcast]\n").storm.empty());
}

TEST(StormConfig, limits_go_by_name_or_ethertype) {
  const auto c = load(R"([limits]
to_child = 7
[limits.broadcast]
ipv4 = 100
"0x88B5" = 1000000000
[limits.multicast]
ipv6 = 0
other = 50
)");
  const auto has = [&](arpl_storm_kind kind, std::uint16_t ethertype, std::uint64_t per_second) {
    return std::ranges::count(c.storm,
                              StormLimit{.kind = kind, .ethertype = ethertype, .per_second = per_second}) == 1;
  };
  EXPECT_EQ(c.storm.size(), 4U);
  EXPECT_TRUE(has(ARPL_STORM_BROADCAST, 0x0800, 100));
  EXPECT_TRUE(has(ARPL_STORM_BROADCAST, 0x88b5, 1'000'000'000));
  EXPECT_TRUE(has(ARPL_STORM_MULTICAST, 0x86dd, 0));
  EXPECT_TRUE(has(ARPL_STORM_MULTICAST, 0, 50));
  EXPECT_EQ(c.limits.rate(*find_limit("to_child")), 7U);
}

TEST(StormConfig, an_invalid_limit_is_refused_with_file_line_and_key) {
  const std::pair<const char*, const char*> cases[] = {{"ipx = 5", "must be ipv4, ipv6, other or an ethertype"},
                                                       {"\"88b5\" = 5", "must be"},
                                                       {"\"0x\" = 5", "must be"},
                                                       {"\"0x88b5x\" = 5", "must be"},
                                                       {"\"0x088b5\" = 5", "must be"},
                                                       {"\"0x-600\" = 5", "must be"},
                                                       {"\"0x05ff\" = 5", "must be"},
                                                       {"\"0x10000\" = 5", "must be"},
                                                       {"\"\" = 5", "must be"},
                                                       {"\"0x0806\" = 5", "limits.foreign"},
                                                       {"\"0x8100\" = 5", "tag"},
                                                       {"\"0x88a8\" = 5", "tag"},
                                                       {"ipv4 = -1", "0 to 1000000000"},
                                                       {"ipv4 = 1000000001", "0 to 1000000000"},
                                                       {"ipv4 = \"5\"", "expected a number"},
                                                       {"ipv4 = 5.5", "expected a number"},
                                                       {"ipv4 = 5\n\"0x0800\" = 6", "already"}};
  for (const auto& [line, why] : cases) {
    const auto text = refusal(std::string{"[limits.broadcast]\n"} + line + "\n");
    EXPECT_NE(text.find(why), std::string::npos) << line << ": " << text;
    EXPECT_NE(text.find(": limits.broadcast."), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << "one line: " << text;
  }
  EXPECT_NE(refusal("[limits]\nmulticast = 5\n").find("expected a table"), std::string::npos);
}

TEST(StormConfig, there_are_no_more_limits_than_the_map_holds) {
  std::string text = "[limits.broadcast]\n";
  for (unsigned i = 0; i + 1 < ARPL_MAX_STORM_LIMITS; ++i) text += fmt::format("\"{:#06x}\" = 1\n", 0x9000 + i);
  text += "[limits.multicast]\nipv4 = 1\n";
  EXPECT_EQ(load(text).storm.size(), ARPL_MAX_STORM_LIMITS);
  EXPECT_NE(refusal(text + "ipv6 = 1\n").find("more than"), std::string::npos);
}

}  // namespace
}  // namespace arpline
