// SPDX-License-Identifier: Apache-2.0
#include "endpoints/classify.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <map>

#include "shared/packet.h"

namespace arpline {
namespace {

// Whether the namespace's kernel answers on this interface for addresses of its other interfaces.
bool answers_for_others(const Interface& interface) {
  return interface.up && !interface.noarp && interface.arp_ignore == 0;
}

// By VLAN: the number of interfaces that hear the same broadcast and answer for each other's addresses.
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
  // In the parent's own namespace the parent may answer too.
  if (interface.netns.own) flags |= ARPL_SLOT_HOST | ARPL_SLOT_FLUX;
  if (in_flux(answering, interface)) flags |= ARPL_SLOT_FLUX;
  if (interface.mode == MacvlanMode::source) flags |= ARPL_SLOT_MODE_SOURCE;
  if (!interface.up || !interface.running) flags |= ARPL_SLOT_DOWN;
  if (interface.noarp) flags |= ARPL_SLOT_NOARP;
  return flags;
}

constexpr unsigned kLongest = 32;

std::uint32_t mask_of(unsigned bits) {
  return bits == 0 ? 0 : ~std::uint32_t{0} << (kLongest - bits);
}

std::uint64_t network_of(Ipv4 address, unsigned bits) {
  return std::uint64_t{bits} << kLongest | (arpl_swap32(address) & mask_of(bits));
}

}  // namespace

bool Prefixes::add(const InterfaceAddress& address) {
  lengths_ |= 1ULL << address.prefix_bits;
  return ++count_[network_of(address.address, address.prefix_bits)] == 1;
}

bool Prefixes::remove(const InterfaceAddress& address) {
  const auto at = count_.find(network_of(address.address, address.prefix_bits));
  if (at == count_.end() || --at->second > 0) return false;
  count_.erase(at);
  return true;
}

std::uint8_t Prefixes::widest(Ipv4 address) const {
  for (unsigned bits = 0; bits < kLongest; ++bits)
    if ((lengths_ >> bits & 1U) != 0 && count_.contains(network_of(address, bits)))
      return static_cast<std::uint8_t>(bits);
  return kLongest;
}

std::vector<std::uint64_t> flags_of(std::span<const Interface> interfaces) {
  const auto answering = count_answering(interfaces);
  std::vector<std::uint64_t> flags;
  for (const auto& interface : interfaces) flags.push_back(flags_of(answering, interface));
  return flags;
}

// Whether the kernel answers for such an address of its own; the lowest of a subnet is one like any other.
bool is_a_hosts(Ipv4 address, std::uint8_t prefix_bits) {
  const auto number = ntohl(address);
  const auto first_byte = number >> 24U;
  const bool subnets_broadcast = prefix_bits < 31 && (address | netmask(prefix_bits)) == ~Ipv4{0};
  return first_byte != 0 && first_byte != 127 && first_byte < 224 && !subnets_broadcast;
}

Desired endpoint_of(const Interface& interface, std::uint64_t flags, Ipv4 address, std::uint8_t prefix_bits) {
  constexpr std::uint64_t kSilent = ARPL_SLOT_DOWN | ARPL_SLOT_NOARP;
  return {
      .key = {.address = address, .vlan = interface.vlan, .zero = 0},
      .word = interface.mac | flags,
      .prefix_bits = prefix_bits,
      // The host's own addresses are announced by the host or by their owner, for example keepalived.
      .announceable = (flags & kSilent) == 0 && interface.arp_ignore <= 2 && !interface.netns.own &&
                      is_a_hosts(address, prefix_bits),
      .vepa = interface.mode == MacvlanMode::vepa,
      .settings = Settings{.nsid = interface.netns.nsid,
                           .ifindex = interface.ifindex,
                           .arp_ignore = interface.arp_ignore,
                           .rp_filter = interface.rp_filter},
      .netns = interface.netns.name,
      .interface = interface.name,
  };
}

}  // namespace arpline
