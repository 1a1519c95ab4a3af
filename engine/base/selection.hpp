// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/foreign_text.hpp"
#include "base/net.hpp"

namespace arpline {

/// A set of IPv4 addresses: those whose first `prefix_bits` are `network`'s.
struct AddressRange {
  Ipv4 network = 0;
  std::uint8_t prefix_bits = 32;
  bool contains(Ipv4 address) const noexcept;
  bool operator==(const AddressRange&) const = default;
};

/// Picks endpoints. Every part that is given must match; one without any part matches all.
struct Pattern {
  std::string interface;  ///< shell pattern (fnmatch) of the interface's name; empty: any
  std::string netns;      ///< shell pattern of the namespace's name, as `arpline status` prints it; empty: any
  std::optional<AddressRange> address;
  std::optional<Mac> mac;

  bool matches(const ForeignText& interface_name, const ForeignText& netns_name, Ipv4 ip, Mac its_mac) const;
  bool operator==(const Pattern&) const = default;
};

/// An endpoint that no macvlan interface of this kernel shows: a VM's or a VF's.
struct StaticEndpoint {
  Ipv4 address = 0;
  std::uint8_t prefix_bits = 0;  ///< of its subnet; 0: whoever asks counts as being in it
  Mac mac = 0;
  std::uint16_t vlan = 0;  ///< host order; 0: untagged
  bool operator==(const StaticEndpoint&) const = default;
};

}  // namespace arpline
