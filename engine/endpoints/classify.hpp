// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "endpoints/model.hpp"
#include "shared/abi.h"

namespace arpline {

/// An endpoint as the configuration of its interface asks for it.
struct Desired {
  arpl_endpoint_key key{};
  std::uint64_t word = 0;  ///< MAC word | ARPL_SLOT_*: served only without flags
  std::uint8_t prefix_bits = 32;
  bool announceable = false;   ///< up, running, not NOARP, arp_ignore 0 to 2, the only one with its address
  std::uint64_t settings = 0;  ///< a change of it un-confirms the endpoint: interface and ARP settings
  std::string netns;
  std::string interface;
};

/// The endpoints of a snapshot, one per (vlan, address), in the order found. An address that two interfaces
/// have is listed once, with ARPL_SLOT_DUPLICATE.
std::vector<Desired> classify(const Snapshot& snapshot);

}  // namespace arpline
