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
    const bool customer = parent.link.rx_vlan_offload.value_or(false);
    const bool service = parent.hidden_tags && parent.link.rx_stag_offload.value_or(false);
    if (!parent.attached || (!customer && !service)) continue;
    if (!vlan_interface && !parent.hidden_tags) continue;
    out.push_back({.id = "vlan_offload",
                   .severity = Severity::warning,
                   .certainty = Certainty::certain,
                   .subject = visible(parent.link.name),
                   .evidence = fmt::format(
                       "{} is on, with {}: a tag that the NIC strips is invisible "
                       "to XDP, and arpline serves less than it could",
                       customer ? "rx-vlan-offload" : "rx-vlan-stag-hw-parse",
                       vlan_interface ? "VLAN interfaces on it" : "tagged frames coming in, or trunk = true"),
                   .command = Command{"ethtool -K {}{}{}", parent.link.name,
                                      customer ? Command{" rxvlan off"} : Command{},
                                      service ? Command{" rx-vlan-stag-hw-parse off"} : Command{}},
                   .about = {.parent = parent.link.ifindex}});
  }
}

}  // namespace arpline::doctor
