// SPDX-License-Identifier: Apache-2.0
#include "endpoints/own_macs.hpp"

#include <cerrno>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "endpoints/stations.hpp"
#include "shared/hash.h"

namespace arpline {

OwnMacs::OwnMacs(SenderMap& map, std::span<std::uint64_t> filter, std::span<const __u64> heard,
                 const arpl_hash_keys& keys)
    : map_(map), heard_(heard), keys_(keys), filter_(filter) {
  for (const auto& [mac, sender] : map_.senders()) {
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
  return map_.put_sender(mac, {.host = static_cast<__u16>(whose.host ? 1 : 0),
                               .shared = static_cast<__u16>(shared_.contains(mac) ? 1 : 0),
                               .netns = whose.netns});
}

// In the map before the filter: who sees the bit finds the MAC.
bool OwnMacs::put(Mac mac, const OwnMac& whose) {
  const auto at = held_.find(mac);
  if (at != held_.end() && at->second == whose) return true;
  // A station on the wire had this MAC before a container took it.
  const bool taken = at == held_.end() && !whose.host && was_station(heard_, keys_, mac, Clock::now());
  if (taken) shared_.insert(mac);
  if (!write(mac, whose)) return false;
  if (held_.insert_or_assign(mac, whose).second) filter_.add(bit_of(mac));
  return true;
}

void OwnMacs::erase(Mac mac) {
  if (held_.erase(mac) == 0) return;
  shared_.erase(mac);
  filter_.remove(bit_of(mac));
  map_.erase_sender(mac);
}

void OwnMacs::share(Mac mac) {
  const auto at = held_.find(mac);
  if (at == held_.end() || at->second.host || !shared_.insert(mac).second) return;
  if (!write(mac, at->second)) shared_.erase(mac);
}

}  // namespace arpline
