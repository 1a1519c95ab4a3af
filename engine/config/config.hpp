// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/announce_policy.hpp"
#include "base/foreign_text.hpp"
#include "base/net.hpp"
#include "base/selection.hpp"
#include "config/limits.hpp"
#include "config/storm.hpp"

namespace arpline {

enum class Mode { observe, answer };
enum class OnStop { detach, keep };
enum class ClaimsPolicy { alert, drop };
enum class PortKind { xsk, ethdev };
/// How a DPDK device is made to receive ARP only: by arpline's flow rules, or by the operator.
enum class Steering { flow, external };
/// The wire stage of a parent: the XDP program; the same program under the name that net_af_xdp looks for; or
/// the engine alone, when frames reach it without the kernel.
enum class Ingress { program, program_for_dpdk, engine };

/// The configuration of one parent.
struct ParentConfig {
  ForeignText name;                        ///< the interface's name or an alternative name
  bool trunk = false;                      ///< tagged traffic arrives although the parent has no VLAN interface
  bool generic_xdp = false;                ///< attach in generic mode; without a ring
  bool fast_path = true;                   ///< the XDP program answers (reflects) by itself
  std::vector<Pattern> fast_path_exclude;  ///< endpoints that the program does not answer for
  OnStop on_stop = OnStop::detach;
  PortKind port = PortKind::xsk;
  std::string device = "net_af_xdp";  ///< for the port "ethdev": DPDK's device arguments
  Steering steering = Steering::flow;
  std::vector<StaticEndpoint> statics;
  std::vector<Pattern> include;  ///< empty: all endpoints
  std::vector<Pattern> exclude;
  Duration path_probe = 10s;   ///< 0: off
  std::vector<Ipv4> gateways;  ///< the first one in an endpoint's subnet overrides its routes
  bool operator==(const ParentConfig&) const = default;
};

/// The wire stage that a parent's port and device need.
Ingress ingress_of(const ParentConfig& parent);

/// The daemon's configuration. docs/configuration.md describes every key.
struct Config {
  Mode mode = Mode::answer;
  Duration pair_ttl = 60s;
  std::vector<ParentConfig> parents;  ///< at least one, each name once
  Limits limits;
  bool host_share =
      true;  ///< lower the limits that create neighbours to what the host's neighbour table has room for
  std::vector<StormLimit> storm;              ///< on broadcast and multicast other than ARP
  ClaimsPolicy claims = ClaimsPolicy::alert;  ///< for claims of endpoints' addresses that this host sends
  Schedule announce;
  OnConflict on_conflict = OnConflict::alert;
  ProbeMode probe = ProbeMode::off;
  std::vector<std::string> eal;            ///< DPDK's arguments, for arplined-dpdk
  std::string control_group;               ///< may use the control sockets; empty: only their owner
  bool control_group_may_change = false;   ///< it may also detach, reload and change limits
  std::vector<std::string> netns_folders;  ///< where runtimes keep namespaces, beside the built-in folders
  std::string pin_root = "/sys/fs/bpf/arpline";
  std::string run_root = "/run/arpline";
};

/// Reads a TOML file; an empty path counts as an empty file. `parents` come from the command line and are added
/// to the file's; at least one is needed. Throws SetupError with file, line and key for an unknown key, a key
/// of a later version, a wrong type or a wrong value.
Config load_config(const std::string& path, const std::vector<std::string>& parents);

/// Parses "60s", "500ms", "2m" or "1h" into nanoseconds; throws SetupError for any other text.
Duration parse_duration(const std::string& text);

}  // namespace arpline
