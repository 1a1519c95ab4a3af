// SPDX-License-Identifier: Apache-2.0
#include "control/hidden_tags.hpp"

#include <fmt/format.h>

#include "base/command.hpp"

namespace arpline {

HiddenTags::HiddenTags(const ParentState& state) : state_(state) {
  if (!state.decides_alone()) watch_.emplace(state.link.ifindex);
}

bool HiddenTags::any() const {
  if (state_.decides_alone()) return false;
  const bool customer = state_.own.trunk || state_.parent.vlan_uppers || seen(TagWatch::customer);
  return (customer && state_.link.rx_vlan_offload.value_or(true)) || service();
}

bool HiddenTags::service() const {
  return (state_.own.trunk || seen(TagWatch::service)) && state_.link.rx_stag_offload.value_or(false);
}

bool HiddenTags::in_play() const {
  return state_.own.trunk || state_.parent.vlan_uppers || seen(TagWatch::customer) || seen(TagWatch::service);
}

void HiddenTags::warn(std::vector<std::string>& warnings) const {
  if (!any()) return;
  const bool customer = state_.link.rx_vlan_offload.value_or(true);
  warnings.push_back(fmt::format(
      "VLANs are in play and the NIC strips tags: who-has above the to_child budget pass; see them with "
      "`{}{}{}`",
      Command("ethtool -K {}", state_.link.name).text(), customer ? " rxvlan off" : "",
      service() ? " rx-vlan-stag-hw-parse off" : ""));
}

}  // namespace arpline
