// SPDX-License-Identifier: Apache-2.0
// Fuzzes the configuration: any file must be read, or refused in one line.
#include <array>
#include <string>

#include "base/error.hpp"
#include "config/config.hpp"
#include "fuzz/fuzz.hpp"

namespace {

using namespace arpline;

constexpr Duration day = 24h;

constexpr std::array<std::string_view, 9> kFiles{
    R"(mode = "observe"
pair_ttl = "2m"
claims = "drop"
control_group = "operators"
netns_folders = ["/run/one", "/run/two"]
pin_root = "/sys/fs/bpf/arpline"
run_root = "/run/arpline"
eal = ["-l", "0,1"]
)",
    R"([parent.nic0]
fast_path = false
fast_path_exclude = [{ interface = "slow*" }, { address = "10.0.0.0/24" }]
trunk = true
generic_xdp = true
on_stop = "keep"
path_probe = "500ms"
gateways = ["10.0.0.1", "10.1.0.1"]
)",
    R"([parent.nic0]
port = "ethdev"
device = "net_af_xdp,iface=nic0"
steering = "external"
[parent."with.dots"]
port = "xsk"
)",
    R"([parent.nic0]
static = [{ ip = "10.0.0.7/24", mac = "02:00:00:00:00:07", vlan = 100 },
          { ip = "10.0.0.8", mac = "02:00:00:00:00:08" }]
include = [{ namespace = "blue*" }, { mac = "02:42:00:00:00:05" }]
exclude = [{ namespace = "[a-z]?", interface = "eth*", mac = "02:42:0a:00:00:02", address = "10.0.0.0/8" }]
)",
    R"([limits]
to_child = 7
to_child_source = 1
to_child_trusted = 0
ring = "off"
foreign = 1000000000
reflect_max = "off"
)",
    R"([limits.broadcast]
ipv4 = 10
"0x88b5" = 0
other = "off"
[limits.multicast]
ipv6 = 100
lldp = 1
)",
    R"([announce]
style = "both"
repeat = 5
interval = "100ms"
delay = "0s"
refresh = "1h"
pps = 1000
on_conflict = "always"
probe = "rfc5227"
)",
    "parent = { nic0 = { trunk = true }, nic1 = {} }\n",
    "mode = 1979-05-27T07:32:00Z\nlimits = [1, 2.5, nan]\n"};

bool is_period(Duration time) {
  return time >= 0s && time <= day;
}

void check_parent(const ParentConfig& parent) {
  REQUIRE(is_period(parent.path_probe));
  REQUIRE(!parent.device.empty());
  for (const auto& one : parent.statics) REQUIRE(one.vlan < 4096);
  ingress_of(parent);
}

void check(const Config& config) {
  REQUIRE(!config.parents.empty());
  REQUIRE(config.pair_ttl >= 1s && config.pair_ttl <= 1h);
  for (const auto time : {config.announce.interval, config.announce.delay, config.announce.refresh})
    REQUIRE(is_period(time));
  REQUIRE(config.announce.repeat >= 1 && config.announce.repeat <= 100);
  for (const auto& parent : config.parents) check_parent(parent);
  arpl_limits limits{};
  config.limits.write(limits);
  for (const auto& spec : limit_specs())
    REQUIRE(rate_of(limits.*spec.budget) <= Rate{kMostPerSecond} || !rate_of(limits.*spec.budget));
}

}  // namespace

std::vector<fuzz::Bytes> fuzz::seeds() {
  std::vector<Bytes> all;
  for (const auto file : kFiles) all.push_back(bytes_of(file));
  return all;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::MemoryFile file;
  file.hold({data, size});
  try {
    check(load_config(file.path(), {"nic0"}));
  } catch (const SetupError& error) {
    REQUIRE(error.what()[0] != 0);
  }
  return 0;
}
