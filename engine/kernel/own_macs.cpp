// SPDX-License-Identifier: Apache-2.0
#include "kernel/own_macs.hpp"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <vector>

#include "base/error.hpp"
#include "shared/place.h"

namespace arpline {

OwnMacs::OwnMacs(const Maps& maps) : maps_(maps), factor_(maps.hash_keys().factor), filter_(maps.filter()) {
  for (const auto& [mac, sender] : maps_.senders()) {
    held_.insert(mac);
    filter_.add(bit_of(mac));
  }
}

std::uint32_t OwnMacs::bit_of(Mac mac) const noexcept {
  return arpl_mac_bit(factor_, mac);
}

void OwnMacs::set(Mac parent, const std::set<Mac>& others) {
  const std::vector<Mac> before(held_.begin(), held_.end());
  for (const auto mac : before)
    if (mac != parent && !others.contains(mac)) erase(mac);
  for (const auto mac : others)
    if (!put(mac)) throw_errno("add " + format_mac(mac), errno);
  if (!put(parent, true)) throw_errno("add " + format_mac(parent), errno);
}

// In the map before the filter: who sees the bit finds the MAC.
bool OwnMacs::put(Mac mac, bool is_parent) {
  const int fd = maps_.fd("macs");
  arpl_sender sender{};
  const bool there = bpf_map_lookup_elem(fd, &mac, &sender) == 0;
  if (!there || (sender.host != 0) != is_parent) {
    sender.host = is_parent ? 1 : 0;
    if (bpf_map_update_elem(fd, &mac, &sender, BPF_ANY) != 0) return false;
  }
  if (held_.insert(mac).second) filter_.add(bit_of(mac));
  return true;
}

void OwnMacs::erase(Mac mac) {
  if (held_.erase(mac) == 0) return;
  filter_.remove(bit_of(mac));
  bpf_map_delete_elem(maps_.fd("macs"), &mac);
}

}  // namespace arpline
