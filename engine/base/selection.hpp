// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/foreign_text.hpp"
#include "base/net.hpp"

namespace arpline {

/// A subnet: the addresses whose first `prefix_bits` bits are those of `network`.
struct AddressRange {
  Ipv4 network = 0;
  std::uint8_t prefix_bits = 32;
  bool contains(Ipv4 address) const noexcept;
  bool operator==(const AddressRange&) const = default;
};

/// Selects endpoints. Every part that is given must match; without any part it matches all.
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
  std::uint8_t prefix_bits = 0;  ///< of its subnet; 0: every requester counts as being in it
  Mac mac = 0;
  std::uint16_t vlan = 0;  ///< host order; 0: untagged
  bool operator==(const StaticEndpoint&) const = default;
};

}  // namespace arpline
