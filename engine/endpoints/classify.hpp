// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "endpoints/model.hpp"
#include "shared/abi.h"

namespace arpline {

/// What un-confirms an endpoint when it changes: where its address lies, and by which rules its kernel answers.
struct Settings {
  std::uint64_t netns_inode = 0;
  int ifindex = 0;
  int arp_ignore = 0;
  int rp_filter = 0;
  bool operator==(const Settings&) const = default;
};

/// An endpoint as the configuration of its interface asks for it.
struct Desired {
  arpl_endpoint_key key{};
  std::uint64_t word = 0;  ///< MAC word | ARPL_SLOT_*: served only without flags
  std::uint8_t prefix_bits = 32;
  bool announceable = false;  ///< up, running, not NOARP, arp_ignore 0 to 2, the only one with its address
  std::optional<Settings> settings;  ///< none: left by an earlier run, not looked at yet
  std::string netns;
  std::string interface;
};

/// The endpoints of a snapshot, one per (vlan, address), in the order found. An address that two interfaces
/// have is listed once, with ARPL_SLOT_DUPLICATE.
std::vector<Desired> classify(const Snapshot& snapshot);

}  // namespace arpline
