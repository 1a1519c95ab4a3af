// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel/netlink.hpp"

namespace arpline {

/// A tc filter as a dump shows it.
struct TcFilter {
  std::uint16_t pref = 0;
  std::uint32_t handle = 0;
  std::string kind;  ///< "bpf", "flower", …
  std::string name;  ///< a BPF filter's program name
};

enum class TcHook { ingress, egress };

/// The filters of clsact's chain 0, in the kernel's order; empty without clsact. Throws SetupError.
std::vector<TcFilter> tc_filters(Netlink& route, int ifindex, TcHook hook);

/// Where our egress filter stands, and whether clsact came with it.
struct EgressFilter {
  std::uint16_t pref = 0;
  std::uint32_t handle = 0;
  bool clsact_created = false;
};

/// Attaches `prog_fd` at clsact egress: in place of ours where it is there already, else at the lowest free
/// pref. Adds clsact when it is missing. Throws SetupError.
EgressFilter attach_egress(Netlink& route, int ifindex, const std::string& interface, int prog_fd);

/// Removes our filter, and clsact when it is ours and no filter of anybody is left. Nothing to remove is no
/// error.
void detach_egress(Netlink& route, int ifindex, bool clsact_created);

/// The name by which our filter is known: the BPF program's.
inline constexpr const char* kEgressName = "arpl_egress";

}  // namespace arpline
