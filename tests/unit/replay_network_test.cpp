// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "arpline/replay/network.hpp"
#include "base/error.hpp"
#include "packet/frame.hpp"

namespace arpline::replay {
namespace {

using packet::ip;
using packet::mac;

struct ReplayNetworkTest : testing::Test {
  std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("arpline-replay-" + std::to_string(getpid()) + ".toml");

  ~ReplayNetworkTest() override { std::filesystem::remove(file); }

  Network configured(const std::string& text, NetworkRequest request = {}) {
    std::ofstream(file) << text;
    request.config = file;
    return network_of(request, {});
  }
};

TEST(ReplayEndpointTest, every_part_is_read) {
  const StaticEndpoint wanted{
      .address = ip(10, 0, 0, 5), .prefix_bits = 24, .mac = mac(2, 0x42, 10, 0, 0, 5), .vlan = 100};
  EXPECT_EQ(endpoint_from_text("10.0.0.5/24=02:42:0a:00:00:05@100"), wanted);
}

TEST(ReplayEndpointTest, prefix_and_vlan_may_be_left_out) {
  const StaticEndpoint wanted{.address = ip(10, 0, 0, 5), .mac = mac(2, 0x42, 10, 0, 0, 5)};
  EXPECT_EQ(endpoint_from_text("10.0.0.5=02:42:0a:00:00:05"), wanted);
}

TEST(ReplayEndpointTest, what_is_none_is_refused_with_the_text) {
  for (const std::string text :
       {"", "10.0.0.5", "10.0.0=02:42:0a:00:00:05", "0.0.0.0=02:42:0a:00:00:05", "10.0.0.5=", "10.0.0.5=02:42",
        "10.0.0.5=ff:ff:ff:ff:ff:ff", "10.0.0.5=00:00:00:00:00:00", "10.0.0.5/33=02:42:0a:00:00:05",
        "10.0.0.5/=02:42:0a:00:00:05", "10.0.0.5/24x=02:42:0a:00:00:05", "10.0.0.5=02:42:0a:00:00:05@4095",
        "10.0.0.5=02:42:0a:00:00:05@"}) {
    try {
      endpoint_from_text(text);
      ADD_FAILURE() << text << " was taken";
    } catch (const SetupError& error) {
      EXPECT_NE(std::string{error.what()}.find("--endpoint " + text), std::string::npos) << error.what();
    }
  }
}

TEST(ReplayEndpointTest, the_same_address_twice_is_refused_but_not_in_another_vlan) {
  NetworkRequest request{.endpoints = {"10.0.0.5=02:42:0a:00:00:05", "10.0.0.5=02:42:0a:00:00:06@7"}};
  EXPECT_EQ(network_of(request, {}).endpoints.size(), 2U);
  request.endpoints.emplace_back("10.0.0.5=02:42:0a:00:00:07@7");
  EXPECT_THROW(network_of(request, {}), SetupError);
}

TEST(ReplayEndpointTest, without_an_endpoint_there_is_nothing_to_replay_for) {
  EXPECT_THROW(network_of({}, {}), SetupError);
}

TEST(ReplayEndpointTest, own_macs_are_the_endpoints_and_those_that_are_named) {
  const auto network =
      network_of({.endpoints = {"10.0.0.5=02:42:0a:00:00:05"}, .own_macs = {"02:00:00:00:00:01"}}, {});
  EXPECT_EQ(network.own_macs, (std::map<Mac, Whose>{{mac(2, 0x42, 10, 0, 0, 5), Whose::container},
                                                    {mac(2, 0, 0, 0, 0, 1), Whose::host}}));
  EXPECT_THROW(network_of({.endpoints = {"10.0.0.5=02:42:0a:00:00:05"}, .own_macs = {"02:00"}}, {}),
               SetupError);
}

TEST_F(ReplayNetworkTest, static_endpoints_limits_and_switches_are_the_configurations) {
  const auto network = configured(R"(
mode = "observe"
pair_ttl = "30s"
[parent.eth0]
fast_path = false
static = [{ ip = "10.0.0.5/24", mac = "02:42:0a:00:00:05", vlan = 9 }]
[limits]
to_child = 50
)");
  ASSERT_EQ(network.endpoints.size(), 1U);
  EXPECT_EQ(network.endpoints[0].key.address, ip(10, 0, 0, 5));
  EXPECT_EQ(network.endpoints[0].key.vlan, 9);
  EXPECT_EQ(network.endpoints[0].prefix_bits, 24);
  EXPECT_EQ(network.limits.pair_ttl_ns, 30 * ARPL_SECOND_NS);
  EXPECT_EQ(network.limits.to_child.interval_ns, ARPL_SECOND_NS / 50);
  EXPECT_EQ(network.limits.flags, ARPL_LIMIT_OBSERVE);
}

TEST_F(ReplayNetworkTest, of_several_parents_one_is_chosen) {
  const auto* two = R"(
[parent.a]
static = [{ ip = "10.0.0.5", mac = "02:42:0a:00:00:05" }]
[parent.b]
fast_path_exclude = [{ address = "10.0.1.5" }]
generic_xdp = true
static = [{ ip = "10.0.1.5", mac = "02:42:0a:00:01:05" }]
)";
  EXPECT_THROW(configured(two), SetupError);
  const auto network = configured(two, {.parent = "b"});
  ASSERT_EQ(network.endpoints.size(), 1U);
  EXPECT_EQ(network.endpoints[0].key.address, ip(10, 0, 1, 5));
  EXPECT_TRUE(network.endpoints[0].slow);
  EXPECT_FALSE(network.ring);
}

TEST_F(ReplayNetworkTest, endpoints_come_on_top_of_the_configurations) {
  const auto network = configured("[parent.a]\nstatic = [{ ip = '10.0.0.5', mac = '02:42:0a:00:00:05' }]\n",
                                  {.endpoints = {"10.0.0.6=02:42:0a:00:00:06"}});
  EXPECT_EQ(network.endpoints.size(), 2U);
}

TEST_F(ReplayNetworkTest, an_interface_that_nobody_serves_is_refused) {
  EXPECT_THROW(
      network_of({.like = "nosuch0"}, {.pins = file.string() + ".pins", .run = file.string() + ".run"}),
      SetupError);
}

}  // namespace
}  // namespace arpline::replay
