// SPDX-License-Identifier: Apache-2.0
#include "endpoints/classify.hpp"

#include <algorithm>
#include <map>

#include "shared/packet.h"

namespace arpline {
namespace {

// Whether the kernel of this namespace answers on this interface for addresses of its other interfaces.
bool answers_for_others(const Interface& interface) {
  return interface.up && !interface.noarp && interface.arp_ignore == 0;
}

// By vlan, how many interfaces of the namespace hear the same broadcast and answer for each other.
using Answering = std::map<std::uint16_t, std::size_t>;

Answering count_answering(std::span<const Interface> interfaces) {
  Answering answering;
  for (const auto& interface : interfaces)
    if (answers_for_others(interface)) ++answering[interface.vlan];
  return answering;
}

bool in_flux(const Answering& answering, const Interface& self) {
  const auto it = answering.find(self.vlan);
  return it != answering.end() && it->second > (answers_for_others(self) ? 1U : 0U);
}

std::uint64_t flags_of(const Answering& answering, const Interface& interface) {
  std::uint64_t flags = 0;
  // In the parent's own namespace the parent itself may answer as well.
  if (interface.netns.own) flags |= ARPL_SLOT_HOST | ARPL_SLOT_FLUX;
  if (in_flux(answering, interface)) flags |= ARPL_SLOT_FLUX;
  if (interface.mode == MacvlanMode::source) flags |= ARPL_SLOT_MODE_SOURCE;
  if (!interface.up || !interface.running) flags |= ARPL_SLOT_DOWN;
  if (interface.noarp) flags |= ARPL_SLOT_NOARP;
  return flags;
}

std::uint32_t mask_of(std::uint8_t bits) {
  return bits == 0 ? 0 : 0xffffffffU << (32 - bits);
}

// Row 10 of the decision: the widest prefix on the interface that contains the address.
std::uint8_t widest_prefix(const Interface& interface, const InterfaceAddress& address) {
  std::uint8_t widest = address.prefix_bits;
  for (const auto& other : interface.addresses) {
    const auto difference = arpl_swap32(other.address ^ address.address);
    if (other.prefix_bits < widest && (difference & mask_of(other.prefix_bits)) == 0)
      widest = other.prefix_bits;
  }
  return widest;
}

}  // namespace

std::vector<Desired> classify(std::span<const Interface> interfaces) {
  constexpr std::uint64_t kSilent = ARPL_SLOT_DOWN | ARPL_SLOT_NOARP;
  const auto answering = count_answering(interfaces);
  std::vector<Desired> found;
  for (const auto& interface : interfaces) {
    const auto flags = flags_of(answering, interface);
    for (const auto& address : interface.addresses) {
      found.push_back({
          .key = {.address = address.address, .vlan = interface.vlan, .zero = 0},
          .word = interface.mac | flags,
          .prefix_bits = widest_prefix(interface, address),
          // The host announces its own, or whoever put it there: keepalived, for one.
          .announceable = (flags & kSilent) == 0 && interface.arp_ignore <= 2 && !interface.netns.own,
          .vepa = interface.mode == MacvlanMode::vepa,
          .settings = Settings{.nsid = interface.netns.nsid,
                               .ifindex = interface.ifindex,
                               .arp_ignore = interface.arp_ignore,
                               .rp_filter = interface.rp_filter},
          .netns = interface.netns.name,
          .interface = interface.name,
      });
    }
  }
  return found;
}

}  // namespace arpline
