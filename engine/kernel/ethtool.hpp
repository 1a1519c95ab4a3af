// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/foreign_text.hpp"

namespace arpline {

/// What the ethtool ioctl tells of an interface of the calling thread's namespace; whatever fails keeps its
/// default.
struct DriverInfo {
  std::string name;
  unsigned rx_queues = 1;
  unsigned tx_queues = 1;
  std::optional<bool> rx_vlan_offload;
  std::optional<bool> rx_stag_offload;  ///< rx-vlan-stag-hw-parse: the same of 802.1ad
};

/// Throws SetupError only when no socket can be opened.
DriverInfo driver_info(const ForeignText& interface);

/// NETDEV_A_DEV_XDP_FEATURES over generic netlink; nullopt: a kernel without the netdev family, or no such
/// interface.
std::optional<std::uint64_t> xdp_features_of(int ifindex);

}  // namespace arpline
