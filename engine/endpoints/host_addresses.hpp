// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "base/net.hpp"
#include "shared/abi.h"

namespace arpline {

/// The addresses that the host's kernel answers for on a parent's wire. With arp_ignore 0 on the receiving
/// interface the kernel answers for the addresses of all its interfaces: lo, a bridge, another NIC. With any
/// other arp_ignore it answers for those of the receiving interface only.
struct HostAddresses {
  std::set<Ipv4> all;
  std::map<std::uint16_t, std::set<Ipv4>> only;  ///< by VLAN, where arp_ignore is not 0

  bool has(const arpl_endpoint_key& key) const {
    const auto at = only.find(key.vlan);
    return (at == only.end() ? all : at->second).contains(key.address);
  }
  bool operator==(const HostAddresses&) const = default;
};

}  // namespace arpline
