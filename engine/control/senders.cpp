// SPDX-License-Identifier: Apache-2.0
#include "control/senders.hpp"

#include <utility>

namespace arpline {

std::vector<SenderStatus> gather_senders(const Maps& maps, const Owners& owners, const ForeignText& parent) {
  std::vector<SenderStatus> senders;
  for (const auto& [mac, sent] : maps.senders()) {
    const auto owner = owners.find(mac);
    SenderStatus sender{.mac = mac,
                        .interface = sent.host != 0 ? parent : "",
                        .parent = sent.host != 0,
                        .counters = counters_of(sent)};
    if (owner != owners.end()) {
      sender.netns = owner->second.netns;
      sender.interface = owner->second.interface;
    }
    senders.push_back(std::move(sender));
  }
  sort_busiest_first(senders);
  return senders;
}

}  // namespace arpline
