// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/command.hpp"
#include "base/foreign_text.hpp"
#include "kernel/netlink.hpp"

namespace arpline {

/// A tc filter, from a dump.
struct TcFilter {
  std::uint16_t pref = 0;
  std::uint32_t handle = 0;
  std::string kind;  ///< "bpf", "flower", …
  ForeignText name;  ///< the program's name of a BPF filter
  std::uint32_t program_id = 0;
};

enum class TcHook { ingress, egress };

/// The filters of clsact's chain 0, in the kernel's order; empty without clsact. Throws SetupError.
std::vector<TcFilter> tc_filters(Netlink& route, int ifindex, TcHook hook);

/// Selects among the filters with our name, by the program's id.
using WhichFilter = std::function<bool(std::uint32_t program_id)>;

/// The kind of the qdisc in clsact's place; empty when there is none. Throws SetupError.
std::string ingress_qdisc(Netlink& route, int ifindex);

/// Whether our filter may be attached where ingress_qdisc() is of this kind: none, or clsact. A plain `ingress`
/// qdisc would show it received frames at "egress".
bool takes_egress_filters(const std::string& ingress_qdisc);
/// Replaces another qdisc by clsact; the other's filters go with it.
Command clsact_command(const ForeignText& interface);

/// Refuses an interface with a qdisc that takes no egress filter. The error names clsact_command(). Throws
/// SetupError.
void check_ingress_qdisc(Netlink& route, int ifindex, const ForeignText& interface);

/// Attaches `prog_fd` at clsact egress. It replaces a filter with our name if `may_replace` allows it, else
/// takes the lowest free pref; a filter with our name that may not be replaced belongs to another arplined,
/// which is an error. Adds clsact when it is missing, and returns whether it did. Throws SetupError without
/// having changed anything.
bool attach_egress(Netlink& route, int ifindex, const ForeignText& interface, int prog_fd,
                   const WhichFilter& may_replace);

/// Whether a filter with this program is attached. Throws SetupError.
bool has_egress(Netlink& route, int ifindex, std::uint32_t program_id);

/// Removes the filters with our name that `which` selects, and clsact when arpline has added it and no filter
/// is left. Nothing to remove is no error. Throws SetupError.
void detach_egress(Netlink& route, int ifindex, const WhichFilter& which, bool clsact_created);

/// The name of our filter, which is the BPF program's.
inline constexpr const char* kEgressName = "arpl_egress";

}  // namespace arpline
