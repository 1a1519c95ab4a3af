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
/// Who sees to it that a device of DPDK gets ARP and nothing else: we do, or the operator.
enum class Steering { flow, external };
/// Who looks at a parent's frames first: the XDP program as everywhere, under the name that net_af_xdp knows it
/// by, or the engine by itself, because frames reach it without the kernel.
enum class Ingress { program, program_for_dpdk, engine };

/// What is asked for one parent.
struct ParentConfig {
  ForeignText name;          ///< of the interface, an alternative one too
  bool trunk = false;        ///< tagged traffic arrives although no VLAN interface stands on the parent
  bool generic_xdp = false;  ///< attach in generic mode; without a ring
  bool fast_path = true;     ///< the program answers by itself
  std::vector<Pattern> fast_path_exclude;  ///< endpoints that it does not answer for
  OnStop on_stop = OnStop::detach;
  PortKind port = PortKind::xsk;
  std::string device = "net_af_xdp";  ///< of the port "ethdev": DPDK's device arguments
  Steering steering = Steering::flow;
  std::vector<StaticEndpoint> statics;
  std::vector<Pattern> include;  ///< empty: everything
  std::vector<Pattern> exclude;
  std::uint64_t path_probe_ns = 10'000'000'000;  ///< 0: off
  std::vector<Ipv4> gateways;  ///< the first in an endpoint's subnet is its, whatever its routes say
  bool operator==(const ParentConfig&) const = default;
};

/// Which of them a parent's port asks for.
Ingress ingress_of(const ParentConfig& parent);

/// What the daemon is asked to do. docs/configuration.md describes every key.
struct Config {
  Mode mode = Mode::answer;
  std::uint64_t pair_ttl_ns = 60'000'000'000;
  std::vector<ParentConfig> parents;  ///< at least one, each name once
  Limits limits;
  bool host_share = true;                     ///< those that make neighbours fit into the host's table of them
  std::vector<StormLimit> storm;              ///< on what is not ARP
  ClaimsPolicy claims = ClaimsPolicy::alert;  ///< of endpoints' addresses, made on this host
  Schedule announce;
  OnConflict on_conflict = OnConflict::alert;
  ProbeMode probe = ProbeMode::off;
  std::vector<std::string> eal;            ///< DPDK's arguments, for arplined-dpdk
  std::string control_group;               ///< may use the control sockets; empty: only their owner
  bool control_group_may_change = false;   ///< not only look: detach, reload, change limits
  std::vector<std::string> netns_folders;  ///< where runtimes keep namespaces, beyond those known anyway
  std::string pin_root = "/sys/fs/bpf/arpline";
  std::string run_root = "/run/arpline";
};

/// Reads a TOML file. An unknown key, a key of a later version, a wrong type or value: SetupError with file,
/// line and key. `parents` are those of the command line, beside those of the file; one is needed. An empty
/// path is an empty file.
Config load_config(const std::string& path, const std::vector<std::string>& parents);

/// "60s", "500ms", "2m", "1h" in nanoseconds; SetupError otherwise.
std::uint64_t parse_duration(const std::string& text);

}  // namespace arpline
