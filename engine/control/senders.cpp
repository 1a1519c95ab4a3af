// SPDX-License-Identifier: Apache-2.0
#include "control/senders.hpp"

#include <utility>

namespace arpline {

std::vector<Sender> gather_senders(const Maps& maps, const Owners& owners, const ForeignText& parent) {
  std::vector<Sender> senders;
  for (const auto& [mac, sent] : maps.senders()) {
    const auto owner = owners.find(mac);
    Sender sender{.mac = mac, .netns = {}, .interface = sent.host != 0 ? parent : "", .sent = sent};
    if (owner != owners.end()) {
      sender.netns = owner->second.netns;
      sender.interface = owner->second.interface;
    }
    senders.push_back(std::move(sender));
  }
  return senders;
}

}  // namespace arpline
