// SPDX-License-Identifier: Apache-2.0
#include "base/selection.hpp"

#include <fnmatch.h>

#include "shared/packet.h"

namespace arpline {
namespace {

bool matches_text(const std::string& pattern, const ForeignText& text) {
  return pattern.empty() || fnmatch(pattern.c_str(), text.raw().c_str(), 0) == 0;
}

}  // namespace

bool AddressRange::contains(Ipv4 address) const noexcept {
  const std::uint32_t mask = prefix_bits == 0 ? 0 : 0xffffffffU << (32 - prefix_bits);
  return (arpl_swap32(address ^ network) & mask) == 0;
}

bool Pattern::matches(const ForeignText& interface_name, const ForeignText& netns_name, Ipv4 ip,
                      Mac its_mac) const {
  return matches_text(interface, interface_name) && matches_text(netns, netns_name) &&
         (!address || address->contains(ip)) && (!mac || *mac == its_mac);
}

}  // namespace arpline
