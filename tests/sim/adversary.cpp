// SPDX-License-Identifier: Apache-2.0
#include "sim/adversary.hpp"

#include <array>

namespace arpline::sim {

std::size_t Adversary::any_container(std::size_t target) {
  return one_in(2) ? target : network_.rng()() % network_.host().containers();
}

Mac Adversary::any_mac(Mac own, std::size_t target) {
  auto& host = network_.host();
  const auto* gateway = network_.gateway_of(target);
  const auto peers = network_.peers_of(target);
  switch (network_.rng()() % 9) {
    case 0:
      return network_.new_mac();
    case 1:
      return host.container(any_container(target)).identity().mac;
    case 2:
      return gateway != nullptr ? gateway->stack.identity().mac : own;
    case 3:
      return peers.at(network_.rng()() % peers.size())->stack.identity().mac;
    case 4:
      return host.parent().identity().mac;
    case 5:
      return one_in(2) ? 0 : own | ARPL_MAC_MULTICAST_BIT;
    default:
      return own;
  }
}

Ipv4 Adversary::any_address(std::size_t target) {
  const auto* gateway = network_.gateway_of(target);
  const auto peers = network_.peers_of(target);
  const auto ours = network_.address_of(any_container(target));
  switch (network_.rng()() % 8) {
    case 0:
      return peers.at(network_.rng()() % peers.size())->stack.identity().address;
    case 1:
      return gateway != nullptr ? gateway->stack.identity().address : ours;
    case 2:
      return network_.host().parent().identity().address;
    case 3:
      return (ours & 0x00ffffffU) | static_cast<Ipv4>(network_.rng()()) << 24U;  // in the subnet
    case 4: {
      // 0, loopback, multicast, broadcast, or a random address.
      const std::array<Ipv4, 5> odd{0, 0x0100007fU, 0x010000e0U, 0xffffffffU,
                                    static_cast<Ipv4>(network_.rng()())};
      return odd.at(network_.rng()() % odd.size());
    }
    default:
      return ours;
  }
}

Packet Adversary::frame(Mac mac, std::size_t target) {
  constexpr std::array<std::uint16_t, 8> kOperations{1, 1, 1, 1, 2, 2, 2, 25};
  arpl_write w{};
  w.op = kOperations.at(network_.rng()() % kOperations.size());
  w.sender_ip = any_address(target);
  w.target_ip = one_in(4) ? w.sender_ip : any_address(target);
  w.sender_mac = any_mac(mac, target);
  w.eth_src = one_in(3) ? any_mac(mac, target) : w.sender_mac;
  if ((w.eth_src & ARPL_MAC_MULTICAST_BIT) != 0 || w.eth_src == 0) w.eth_src = mac;  // a switch drops these
  w.target_mac = one_in(2) ? 0 : any_mac(mac, target);
  w.eth_dst = one_in(3) ? any_mac(mac, target) : ARPL_MAC_BROADCAST;
  w.vlan = one_in(16) ? 99 : network_.vlan_of(any_container(target));
  return arp_packet(w);
}

}  // namespace arpline::sim
