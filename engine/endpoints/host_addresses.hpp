// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "base/net.hpp"
#include "shared/abi.h"

namespace arpline {

/// The addresses that the host's kernel answers for on a parent's wire. With arp_ignore 0 on the interface that
/// a who-has comes in on it answers for all that it has, on whatever interface: lo, a bridge, another NIC. With
/// another arp_ignore only for those of that interface.
struct HostAddresses {
  std::set<Ipv4> all;
  std::map<std::uint16_t, std::set<Ipv4>> only;  ///< by vlan, where arp_ignore is not 0

  bool has(const arpl_endpoint_key& key) const {
    const auto at = only.find(key.vlan);
    return (at == only.end() ? all : at->second).contains(key.address);
  }
  bool operator==(const HostAddresses&) const = default;
};

}  // namespace arpline
