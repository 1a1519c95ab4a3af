// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/foreign_text.hpp"

namespace arpline {

/// The results of the ethtool ioctl for an interface of the calling thread's namespace. A field whose request
/// fails keeps its default.
struct DriverInfo {
  std::string name;
  unsigned rx_queues = 1;
  unsigned tx_queues = 1;
  std::optional<bool> rx_vlan_offload;
  std::optional<bool> rx_stag_offload;  ///< rx-vlan-stag-hw-parse: the same for 802.1ad
};

/// Throws SetupError only when no socket can be opened.
DriverInfo driver_info(const ForeignText& interface);

/// NETDEV_A_DEV_XDP_FEATURES, through generic netlink. nullopt when the kernel has no netdev family or there is
/// no such interface.
std::optional<std::uint64_t> xdp_features_of(int ifindex);

}  // namespace arpline
