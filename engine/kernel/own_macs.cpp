// SPDX-License-Identifier: Apache-2.0
#include "kernel/own_macs.hpp"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <atomic>
#include <cerrno>
#include <vector>

#include "base/error.hpp"
#include "shared/place.h"

namespace arpline {
namespace {

constexpr std::uint32_t kWordBits = 64;

}  // namespace

// A bit that an earlier run left for a MAC which is gone costs a look into the hash, no more.
OwnMacs::OwnMacs(const Maps& maps) : maps_(maps), hash_key_(maps.meta().hash_key[0]) {
  for (const auto& [mac, sender] : maps_.senders()) {
    held_.insert(mac);
    mark(mac);
  }
}

std::uint32_t OwnMacs::bit_of(Mac mac) const noexcept {
  return arpl_mac_bit(hash_key_, mac);
}

void OwnMacs::mark(Mac mac) {
  const auto bit = bit_of(mac);
  ++bits_[bit];
  std::atomic_ref<std::uint64_t>(maps_.mac_filter()[bit / kWordBits]).fetch_or(1ULL << bit % kWordBits);
}

void OwnMacs::unmark(Mac mac) {
  const auto bit = bit_of(mac);
  if (--bits_[bit] > 0) return;
  bits_.erase(bit);
  std::atomic_ref<std::uint64_t>(maps_.mac_filter()[bit / kWordBits]).fetch_and(~(1ULL << bit % kWordBits));
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
  if (!there || (sender.parent != 0) != is_parent) {
    sender.parent = is_parent ? 1 : 0;
    if (bpf_map_update_elem(fd, &mac, &sender, BPF_ANY) != 0) return false;
  }
  if (held_.insert(mac).second) mark(mac);
  return true;
}

void OwnMacs::erase(Mac mac) {
  if (held_.erase(mac) == 0) return;
  unmark(mac);
  bpf_map_delete_elem(maps_.fd("macs"), &mac);
}

}  // namespace arpline
