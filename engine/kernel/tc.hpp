// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/foreign_text.hpp"
#include "kernel/netlink.hpp"

namespace arpline {

/// A tc filter as a dump shows it.
struct TcFilter {
  std::uint16_t pref = 0;
  std::uint32_t handle = 0;
  std::string kind;  ///< "bpf", "flower", …
  ForeignText name;  ///< a BPF filter's program name
  std::uint32_t program_id = 0;
};

enum class TcHook { ingress, egress };

/// The filters of clsact's chain 0, in the kernel's order; empty without clsact. Throws SetupError.
std::vector<TcFilter> tc_filters(Netlink& route, int ifindex, TcHook hook);

/// Says of a filter with our name, by its program's id, whether it is meant.
using WhichFilter = std::function<bool(std::uint32_t program_id)>;

/// The kind of the qdisc that stands where clsact would; empty: there is none. Throws SetupError.
std::string ingress_qdisc(Netlink& route, int ifindex);

/// Refuses an interface with another qdisc than clsact in its place: a filter at its "egress" would see what
/// comes in. Names the command that helps. Throws SetupError.
void check_ingress_qdisc(Netlink& route, int ifindex, const ForeignText& interface);

/// Attaches `prog_fd` at clsact egress: in place of a filter with our name that may be replaced, else at the
/// lowest free pref; one with our name that may not be replaced is another arplined's, and an error. Adds
/// clsact when it is missing, and returns whether it did. Throws SetupError, and then has changed nothing.
bool attach_egress(Netlink& route, int ifindex, const ForeignText& interface, int prog_fd,
                   const WhichFilter& may_replace);

/// Whether the filter with this program is there. Throws SetupError.
bool has_egress(Netlink& route, int ifindex, std::uint32_t program_id);

/// Removes the filters with our name that are meant, and clsact when it is ours and no filter of anybody is
/// left. Nothing to remove is no error. Throws SetupError.
void detach_egress(Netlink& route, int ifindex, const WhichFilter& which, bool clsact_created);

/// The name by which our filter is known: the BPF program's.
inline constexpr const char* kEgressName = "arpl_egress";

}  // namespace arpline
