// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arpline/manager.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/link.hpp"
#include "kernel/tc.hpp"

namespace arpline {

/// The features of the running kernel; an errno of 0 is success.
struct KernelFacts {
  bool btf = true;
  bool bpffs = true;
  bool ring_buffer = true;
  bool xsk_map = true;
  int xdp_frags_error = 0;  ///< errno of loading a program with BPF_F_XDP_HAS_FRAGS
  int af_xdp_error = 0;     ///< errno of socket(AF_XDP)
};

/// The input of preflight's findings.
struct PreflightFacts {
  ForeignText interface;     ///< as given on the command line
  bool generic_xdp = false;  ///< generic_xdp of the configuration
  bool trunk = false;        ///< trunk of the configuration
  std::vector<NeededCapability> missing_caps;
  KernelFacts kernel;
  std::vector<ForeignText> devices;  ///< all interfaces of this namespace
  std::optional<LinkInfo> link;      ///< nullopt: no such interface
  ForeignText lower;                 ///< the name of the lower device; empty: none, or in another namespace
  std::string xdp_program;           ///< the name of the attached XDP program
  bool xdp_is_ours = false;
  bool xdp_is_hidden = false;    ///< only root may see whose program it is
  std::string ingress_qdisc;     ///< the kind of the qdisc at its ingress hook; empty: none
  std::vector<TcFilter> egress;  ///< clsact egress, in any order
  std::vector<std::string> tcx;  ///< names of the tcx egress programs, which run before clsact
  Manager manager = Manager::none;
  bool manager_unknown = false;       ///< the manager's files could not be read in time
  ForeignText network_file;           ///< systemd-networkd's file for the interface; may be empty
  bool vlan_uppers = false;           ///< a VLAN interface stands on it
  std::size_t children = 0;           ///< macvlan and macvtap children, in all reachable namespaces
  std::optional<std::string> unseen;  ///< why the children could not be counted
};

/// Queries the kernel, and loads a program of two instructions to test whether it may. Throws SetupError.
PreflightFacts gather_preflight_facts(const std::string& interface);

}  // namespace arpline
