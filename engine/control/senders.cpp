// SPDX-License-Identifier: Apache-2.0
#include "control/senders.hpp"

namespace arpline {

std::vector<Sender> gather_senders(const Maps& maps, const Owners& owners) {
  std::vector<Sender> senders;
  for (const auto& [mac, sent] : maps.senders()) {
    const auto owner = owners.find(mac);
    const bool known = owner != owners.end();
    senders.push_back({.mac = mac,
                       .netns = known ? owner->second.netns : "",
                       .interface = known ? owner->second.interface : "",
                       .sent = sent});
  }
  return senders;
}

}  // namespace arpline
