// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "endpoints/model.hpp"
#include "shared/abi.h"

namespace arpline {

/// What un-confirms an endpoint when it changes: where its address lies, and by which rules its kernel answers.
struct Settings {
  int nsid = -1;
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
  bool slow = false;          ///< not by the fast path
  bool announceable = false;  ///< up, running, not NOARP, arp_ignore 0 to 2, the only one with its address
  bool vepa = false;          ///< what it broadcasts comes back from the switch
  std::optional<Settings> settings;  ///< none: left by an earlier run, not looked at yet
  std::string netns;
  std::string interface;
  std::string also_at{};       ///< a duplicate's other places
  std::uint64_t heard_at = 0;  ///< when what made it so was received; 0: there already at the start
};

/// The endpoints on the interfaces of one namespace on one parent, in their order.
std::vector<Desired> classify(std::span<const Interface> interfaces);

}  // namespace arpline
