// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/error.hpp"

namespace arpline {
namespace {

struct File {
  explicit File(const std::string& text) {
    path = testing::TempDir() + "arpline-config-" + std::to_string(getpid()) + ".toml";
    std::ofstream(path) << text;
  }
  ~File() { unlink(path.c_str()); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path;
};

Config load(const std::string& text, const std::string& parent = "nic0") {
  return load_config(File(text).path,
                     parent.empty() ? std::vector<std::string>{} : std::vector<std::string>{parent});
}

std::string refusal(const std::string& text) {
  try {
    load(text);
  } catch (const SetupError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Config, without_a_file_has_the_documented_defaults) {
  const auto c = load_config("", {"nic0"});
  EXPECT_EQ(c.mode, Mode::answer);
  EXPECT_EQ(c.pair_ttl, 60s);
  ASSERT_EQ(c.parents.size(), 1U);
  EXPECT_EQ(c.parents[0].on_stop, OnStop::detach);
  for (const auto& limit : limit_specs()) EXPECT_FALSE(c.limits.is_set(limit)) << limit.name;
  EXPECT_EQ(c.claims, ClaimsPolicy::alert);
  EXPECT_TRUE(c.parents[0].fast_path);
  EXPECT_TRUE(c.parents[0].fast_path_exclude.empty());
  EXPECT_EQ(
      c.announce,
      (Schedule{
          .style = Style::request, .repeat = 2, .interval = 2s, .delay = 0s, .refresh = 60s, .pps = 100}));
  EXPECT_EQ(c.on_conflict, OnConflict::alert);
  EXPECT_EQ(c.probe, ProbeMode::off);
  EXPECT_EQ(c.parents[0].path_probe, 10s);
  EXPECT_TRUE(c.parents[0].gateways.empty());
  EXPECT_EQ(c.control_group, "");
  EXPECT_TRUE(c.netns_folders.empty());
  EXPECT_TRUE(c.parents[0].statics.empty() && c.parents[0].include.empty() && c.parents[0].exclude.empty());
}

TEST(Config, reads_every_key_of_this_version) {
  const auto c = load(R"(mode = "observe"
pair_ttl = "2m"
claims = "drop"
control_group = "operators"
netns_folders = ["/run/one", "/run/two"]
[parent.nic0]
fast_path = false
fast_path_exclude = [{ interface = "slow*" }, { address = "10.0.0.0/24" }]
trunk = true
generic_xdp = true
on_stop = "keep"
path_probe = "500ms"
gateways = ["10.0.0.1", "10.1.0.1"]
[limits]
to_child = 7
to_child_source = 1
to_child_trusted_source = 1
to_child_trusted = 2
ring = 20000
ring_new = 3
ring_source = 4
ring_endpoint = 5
reflect_max = 1000000
reflect_max_source = 10000
foreign = "off"
odd = 8
own_macs = 9
events = 0
host_share = "off"
[announce]
on_conflict = "once"
style = "both"
repeat = 5
interval = "100ms"
delay = "5s"
refresh = "500ms"
pps = 3
probe = "fast"
)");
  EXPECT_EQ(c.mode, Mode::observe);
  EXPECT_EQ(c.pair_ttl, 2min);
  EXPECT_EQ(c.control_group, "operators");
  EXPECT_EQ(c.netns_folders, (std::vector<std::string>{"/run/one", "/run/two"}));
  ASSERT_EQ(c.parents.size(), 1U);
  EXPECT_EQ(c.claims, ClaimsPolicy::drop);
  EXPECT_FALSE(c.parents[0].fast_path);
  ASSERT_EQ(c.parents[0].fast_path_exclude.size(), 2U);
  EXPECT_TRUE(c.parents[0].fast_path_exclude[0].matches("slow0", "any", 0, 0));
  EXPECT_TRUE(c.parents[0].trunk);
  EXPECT_TRUE(c.parents[0].generic_xdp);
  EXPECT_EQ(c.parents[0].on_stop, OnStop::keep);
  EXPECT_FALSE(c.host_share);
  EXPECT_EQ(c.limits.rate(*find_limit("to_child")), 7U);
  EXPECT_EQ(c.limits.rate(*find_limit("ring_endpoint")), 5U);
  EXPECT_EQ(c.limits.rate(*find_limit("reflect_max")), 1'000'000U);
  EXPECT_EQ(c.limits.rate(*find_limit("foreign")), std::nullopt);
  for (const auto& limit : limit_specs()) EXPECT_TRUE(c.limits.is_set(limit)) << limit.name;
  EXPECT_EQ(
      c.announce,
      (Schedule{
          .style = Style::both, .repeat = 5, .interval = 100ms, .delay = 5s, .refresh = 500ms, .pps = 3}));
  EXPECT_EQ(c.on_conflict, OnConflict::once);
  EXPECT_EQ(c.probe, ProbeMode::fast);
  EXPECT_EQ(c.parents[0].path_probe, 500ms);
  EXPECT_EQ(c.parents[0].gateways, (std::vector{*ipv4_from_text("10.0.0.1"), *ipv4_from_text("10.1.0.1")}));
}

TEST(Config, takes_the_parent_from_the_file_when_the_command_line_has_none) {
  EXPECT_EQ(load("[parent.eth7]\n", "").parents.at(0).name, "eth7");
}

TEST(Config, without_any_parent_is_refused) {
  EXPECT_THROW(load("", ""), SetupError);
}

TEST(Config, parents_of_the_command_line_and_of_the_file_add_up) {
  const auto c = load("[parent.nic0]\ntrunk = true\n[parent.nic1]\n");
  ASSERT_EQ(c.parents.size(), 2U);
  EXPECT_EQ(c.parents[0].name, "nic0");
  EXPECT_TRUE(c.parents[0].trunk);
  EXPECT_EQ(c.parents[1].name, "nic1");
}

TEST(Config, unknown_keys_are_refused_with_file_line_and_key) {
  const auto line = refusal("mode = \"answer\"\n[limits]\nto_chidl = 5\n");
  EXPECT_NE(line.find(".toml:3: limits.to_chidl: unknown key"), std::string::npos) << line;
}

TEST(Config, the_enumerated_values_are_accepted) {
  const auto announce = [](const std::string& keys) { return load("[announce]\n" + keys); };
  EXPECT_EQ(announce("on_conflict = \"never\"\n").on_conflict, OnConflict::never);
  EXPECT_EQ(announce("on_conflict = \"always\"\n").on_conflict, OnConflict::always);
  EXPECT_EQ(announce("style = \"reply\"\n").announce.style, Style::reply);
  EXPECT_EQ(announce("probe = \"rfc5227\"\n").probe, ProbeMode::rfc5227);
}

TEST(Config, zero_is_none_where_there_may_be_none) {
  const auto c =
      load("[announce]\nrefresh = \"0s\"\ndelay = \"0s\"\npps = 0\n[parent.nic0]\npath_probe = \"0s\"\n");
  EXPECT_EQ(c.announce.refresh, 0ns);
  EXPECT_EQ(c.announce.delay, 0ns);
  EXPECT_EQ(c.announce.pps, 0U);
  EXPECT_EQ(c.parents[0].path_probe, 0ns);
}

TEST(Config, an_invalid_period_is_refused_with_the_valid_range) {
  const auto line = refusal("[announce]\nrefresh = \"99ms\"\n");
  EXPECT_NE(line.find(".toml:2: announce.refresh: must be 100ms to 24h"), std::string::npos) << line;
}

TEST(Config, keys_of_later_versions_are_refused_as_such) {
  for (const auto* text : {"[parent.nic0]\nzero_copy = false\n", "[parent.nic0]\nworkers = 2\n"}) {
    EXPECT_NE(refusal(text).find("not in this version"), std::string::npos) << text;
  }
}

TEST(Config, the_wire_stage_follows_from_port_and_device) {
  const auto of = [](const std::string& keys) { return ingress_of(load("[parent.nic0]\n" + keys).parents[0]); };
  EXPECT_EQ(of(""), Ingress::program);
  EXPECT_EQ(of("port = \"ethdev\"\n"), Ingress::program_for_dpdk);
  EXPECT_EQ(of("port = \"ethdev\"\ndevice = \"net_af_xdp,busy_budget=64\"\n"), Ingress::program_for_dpdk);
  EXPECT_EQ(of("port = \"ethdev\"\ndevice = \"0000:03:00.0\"\n"), Ingress::engine);
  EXPECT_EQ(of("port = \"ethdev\"\ndevice = \"net_af_packet0,iface=q\"\n"), Ingress::engine);
}

TEST(Config, arguments_of_the_eal_are_kept_unchanged) {
  EXPECT_EQ(load("eal = [\"-l\", \"0,1\"]\n[parent.nic0]\n").eal, (std::vector<std::string>{"-l", "0,1"}));
}

TEST(Config, wrong_types_and_values_are_refused) {
  for (const auto* text : {"mode = 1\n",
                           "eal = \"-l 0\"\n",
                           "eal = [1]\n",
                           "eal = [\"--help\"]\n",
                           "[parent.nic0]\nport = \"dpdk\"\n",
                           "[parent.nic0]\ndevice = \"\"\n",
                           "[parent.nic0]\nsteering = \"none\"\n",
                           "mode = \"on\"\n",
                           "pair_ttl = 60\n",
                           "pair_ttl = \"60\"\n",
                           "pair_ttl = \"10ms\"\n",
                           "pair_ttl = \"2h\"\n",
                           "parent = 3\n",
                           "[parent]\nnic0 = 1\n",
                           "[limits]\nto_child = -1\n",
                           "[limits]\nto_child = \"x\"\n",
                           "[limits]\nto_child = \"off\"\n",
                           "[limits]\nring = 1.5\n",
                           "[limits]\nevents = true\n",
                           "[limits]\nforeign = \"on\"\n",
                           "[limits]\nforeign = -1\n",
                           "[limits]\nreflect_max = 1000000001\n",
                           "claims = \"block\"\n",
                           "claims = true\n",
                           "fast_path = true\n",
                           "[parent.nic0]\nfast_path = \"off\"\n",
                           "[parent.nic0]\nfast_path_exclude = \"10.0.0.1\"\n",
                           "[parent.nic0]\nfast_path_exclude = [{}]\n",
                           "[parent.nic0]\nfast_path_exclude = [{ ip = \"10.0.0.1\" }]\n",
                           "[parent.nic0]\nfast_path_exclude = [{ address = \"10.0.0.256\" }]\n",
                           "[announce]\nrefresh = \"1ms\"\n",
                           "[announce]\nrefresh = \"25h\"\n",
                           "[announce]\npps = 99999999\n",
                           "[announce]\npps = -1\n",
                           "[announce]\nrepeat = 0\n",
                           "[announce]\nrepeat = 101\n",
                           "[announce]\nrepeat = \"2\"\n",
                           "[announce]\ninterval = \"9ms\"\n",
                           "[announce]\ninterval = \"0s\"\n",
                           "[announce]\ndelay = 5\n",
                           "[announce]\ndelay = \"25h\"\n",
                           "[announce]\nstyle = \"gratuitous\"\n",
                           "[announce]\non_conflict = \"defend\"\n",
                           "[announce]\nprobe = true\n",
                           "[parent.nic0]\npath_probe = \"50ms\"\n",
                           "[parent.nic0]\npath_probe = 10\n",
                           "[parent.nic0]\ngateways = \"10.0.0.1\"\n",
                           "[parent.nic0]\ngateways = [\"10.0.0.1/24\"]\n",
                           "[parent.nic0]\ngateways = [\"10.0.0\"]\n",
                           "[parent.nic0]\ngateways = [\"0.0.0.0\"]\n",
                           "netns_folders = \"/run/netns\"\n",
                           "netns_folders = [3]\n",
                           "netns_folders = [\"run/netns\"]\n",
                           "control_group = 5\n",
                           "control_group = \"\"\n",
                           "[parent.nic0]\ntrunk = \"yes\"\n",
                           "limits = 5\n",
                           "x"}) {
    EXPECT_NE(refusal(text), "accepted") << text;
    EXPECT_EQ(refusal(text).find('\n'), std::string::npos) << "one line: " << text;
  }
}

TEST(Config, an_invalid_limit_is_refused_with_its_name_and_the_valid_range) {
  const auto line = refusal("[limits]\nto_child = \"off\"\n");
  EXPECT_NE(line.find(".toml:2: limits.to_child: must be 0 to 1000000000"), std::string::npos) << line;
  EXPECT_NE(refusal("[limits]\nforeign = 1000000001\n").find("limits.foreign: must be \"off\" or 0 to"),
            std::string::npos);
}

TEST(Config, a_missing_file_is_refused) {
  EXPECT_THROW(load_config("/nonexistent/arpline.toml", {"nic0"}), SetupError);
  EXPECT_THROW(load_config(testing::TempDir(), {"nic0"}), SetupError) << "a folder is no empty configuration";
  EXPECT_THROW(load_config("/dev/zero", {"nic0"}), SetupError);
}

TEST(Duration, that_is_longer_than_a_year_is_refused_and_does_not_wrap) {
  EXPECT_EQ(parse_duration("8760h"), 8760h);
  // 5,124,096 h are 2^64 ns and 25 min, so this would wrap.
  for (const auto* text :
       {"5124096h", "8761h", "4294967297s", "18446744073709551615ms", "99999999999999999999h"})
    EXPECT_THROW(parse_duration(text), SetupError) << text;
}

TEST(Duration, has_a_number_and_a_unit) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("1h"), 1h);
  for (const auto* text : {"", "s", "5", "5 s", "-5s", "5sec", "99999999999s"}) {
    EXPECT_THROW(parse_duration(text), SetupError) << text;
  }
}

}  // namespace
}  // namespace arpline
