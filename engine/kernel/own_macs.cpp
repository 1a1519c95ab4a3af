// SPDX-License-Identifier: Apache-2.0
#include "kernel/own_macs.hpp"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "kernel/stations.hpp"
#include "shared/place.h"

namespace arpline {

OwnMacs::OwnMacs(const Maps& maps) : maps_(maps), keys_(maps.hash_keys()), filter_(maps.filter()) {
  for (const auto& [mac, sender] : maps_.senders()) {
    held_.emplace(mac, OwnMac{.host = sender.host != 0, .netns = sender.netns});
    if (sender.shared != 0) shared_.insert(mac);
    filter_.add(bit_of(mac));
  }
}

std::uint32_t OwnMacs::bit_of(Mac mac) const noexcept {
  return arpl_mac_bit(keys_.factor, mac);
}

void OwnMacs::set(const std::map<Mac, OwnMac>& macs) {
  const auto before = held_;
  for (const auto& [mac, whose] : before)
    if (!macs.contains(mac)) erase(mac);
  for (const auto& [mac, whose] : macs)
    if (!put(mac, whose)) throw_errno("add " + format_mac(mac), errno);
}

bool OwnMacs::write(Mac mac, const OwnMac& whose) {
  const int fd = maps_.fd("macs");
  arpl_sender sender{};
  bpf_map_lookup_elem(fd, &mac, &sender);
  sender.host = whose.host ? 1 : 0;
  sender.shared = shared_.contains(mac) ? 1 : 0;
  sender.netns = whose.netns;
  return bpf_map_update_elem(fd, &mac, &sender, BPF_ANY) == 0;
}

// In the map before the filter: who sees the bit finds the MAC.
bool OwnMacs::put(Mac mac, const OwnMac& whose) {
  const auto at = held_.find(mac);
  if (at != held_.end() && at->second == whose) return true;
  // Who answers it on the wire was told so before it was ours.
  const bool taken = at == held_.end() && !whose.host && was_station(maps_.heard(), keys_, mac, now_ns());
  if (taken) shared_.insert(mac);
  if (!write(mac, whose)) return false;
  if (held_.insert_or_assign(mac, whose).second) filter_.add(bit_of(mac));
  return true;
}

void OwnMacs::erase(Mac mac) {
  if (held_.erase(mac) == 0) return;
  shared_.erase(mac);
  filter_.remove(bit_of(mac));
  bpf_map_delete_elem(maps_.fd("macs"), &mac);
}

void OwnMacs::share(Mac mac) {
  const auto at = held_.find(mac);
  if (at == held_.end() || at->second.host || !shared_.insert(mac).second) return;
  if (!write(mac, at->second)) shared_.erase(mac);
}

}  // namespace arpline
