// SPDX-License-Identifier: Apache-2.0
#include "endpoints/classify.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "shared/packet.h"

namespace arpline {
namespace {

// Whether the kernel of this namespace answers on this interface for addresses of its other interfaces.
bool answers_for_others(const Interface& interface) {
  return interface.up && !interface.noarp && interface.arp_ignore == 0;
}

// Another interface of the namespace hears the same broadcast and answers too: the parent itself, or a second
// child.
bool in_flux(const Snapshot& snapshot, const Interface& self) {
  return std::ranges::any_of(snapshot.interfaces, [&](const Interface& other) {
    return &other != &self && other.netns.inode == self.netns.inode && other.vlan == self.vlan &&
           answers_for_others(other);
  });
}

std::uint64_t flags_of(const Snapshot& snapshot, const Interface& interface) {
  std::uint64_t flags = 0;
  if (interface.netns.inode == snapshot.netns_inode || in_flux(snapshot, interface)) flags |= ARPL_SLOT_FLUX;
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

std::vector<Desired> classify(const Snapshot& snapshot) {
  constexpr std::uint64_t kSilent = ARPL_SLOT_DOWN | ARPL_SLOT_NOARP;
  std::vector<Desired> found;
  std::map<std::pair<std::uint16_t, Ipv4>, std::size_t> index;
  for (const auto& interface : snapshot.interfaces) {
    const auto flags = flags_of(snapshot, interface);
    for (const auto& address : interface.addresses) {
      const auto [at, fresh] = index.try_emplace({interface.vlan, address.address}, found.size());
      if (!fresh) {
        found[at->second].word |= ARPL_SLOT_DUPLICATE;
        found[at->second].announceable = false;
        continue;
      }
      found.push_back({
          .key = {.address = address.address, .vlan = interface.vlan, .zero = 0},
          .word = interface.mac | flags,
          .prefix_bits = widest_prefix(interface, address),
          .announceable = (flags & kSilent) == 0 && interface.arp_ignore <= 2,
          .settings = Settings{.netns_inode = interface.netns.inode,
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
