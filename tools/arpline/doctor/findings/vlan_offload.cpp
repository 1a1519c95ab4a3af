// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "arpline/doctor/findings/all.hpp"

namespace arpline::doctor {
namespace {

bool has_vlan_interface(const Facts& facts, int ifindex) {
  return std::ranges::any_of(facts.host().devices, [ifindex](const Device& device) {
    return device.kind == "vlan" && device.lower_in_host && device.lower == ifindex;
  });
}

}  // namespace

void vlan_offload(const Facts& facts, Findings& out) {
  for (const auto& parent : facts.parents) {
    const bool vlan_interface = has_vlan_interface(facts, parent.link.ifindex);
    if (!parent.attached || !parent.link.rx_vlan_offload.value_or(false)) continue;
    if (!vlan_interface && !parent.hidden_tags) continue;
    out.push_back(
        {.id = "vlan_offload",
         .severity = Severity::warning,
         .certainty = Certainty::certain,
         .subject = parent.link.name,
         .evidence = fmt::format("rx-vlan-offload is on, with {}: a tag that the NIC strips is invisible "
                                 "to XDP, and arpline serves less than it could",
                                 vlan_interface ? "VLAN interfaces on it" : "trunk = true"),
         .command = fmt::format("ethtool -K {} rxvlan off", parent.link.name),
         .about = {.parent = parent.link.ifindex}});
  }
}

}  // namespace arpline::doctor
