// SPDX-License-Identifier: Apache-2.0
#include "sim/network.hpp"

#include <algorithm>

namespace arpline::sim {
namespace {

constexpr std::uint16_t kOtherVlan = 7;
// Separates the network's random numbers from those that the scenario was drawn with.
constexpr std::uint64_t kNetworkSalt = 0x6e6574776f726b00U;

enum class Role : std::uint8_t { container = 1, peer, gateway, rival, second_host, parent, fresh };

Mac make_mac(Role role, std::uint64_t number) {
  return 0x02 | static_cast<Mac>(role) << 24U | (number & 0xffU) << 40U | (number >> 8U & 0xffU) << 32U;
}

// 10.0.VLAN.NUMBER
Ipv4 make_address(std::uint16_t vlan, std::uint64_t number) {
  return arpl_swap32(10U << 24U | std::uint32_t{vlan} << 8U | static_cast<std::uint32_t>(number));
}

}  // namespace

bool Network::comes_later(const Scenario& scenario, std::size_t index) {
  return std::ranges::any_of(scenario.faults, [&](const PlannedFault& one) {
    return one.fault == Fault::comes_back && one.target == index;
  });
}

Ipv4 Network::address_of(std::size_t container) const {
  return make_address(vlan_of(container), 10 + container);
}

Mac Network::mac_of(std::size_t container) const {
  return make_mac(Role::container, container);
}

Mac Network::new_mac() {
  return make_mac(Role::fresh, macs_++);
}

Network::Network(const Scenario& scenario, Queue& queue, Trace& trace, Checks& checks,
                 const MakeMachine& make_machine)
    : rng_(scenario.seed ^ kNetworkSalt),
      switch_(queue, trace, scenario.behaviour),
      host_cable_(queue, rng_, scenario.quality),
      host_port_(switch_.plug(host_cable_)) {
  vlans_.push_back(0);
  if (scenario.vlans > 1) vlans_.push_back(kOtherVlan);
  if (scenario.vepa) switch_.reflect(host_port_);
  switch_.allow(host_port_, scenario.most_macs);
  const auto station = [&](Role role, std::uint64_t number, std::uint16_t vlan, Ipv4 address) {
    return std::make_unique<Station>(
        queue, rng_, scenario.quality, switch_,
        Stack::Identity{.mac = make_mac(role, number), .address = address, .vlan = vlan});
  };
  for (const auto vlan : vlans_) {
    for (std::size_t i = 0; i < scenario.peers; ++i)
      peers_.push_back(station(Role::peer, peers_.size(), vlan, make_address(vlan, 100 + i)));
    if (scenario.gateways) gateways_.push_back(station(Role::gateway, vlan, vlan, make_address(vlan, 1)));
  }
  rival_ = station(Role::rival, 0, 0, 0);
  second_host_ = station(Role::second_host, 0, 0, 0);

  Host::Setup setup{.clock_start = at((1 + rng_() % 100'000) * kSecond),
                    .mac = make_mac(Role::parent, 0),
                    .address = make_address(0, 2),
                    .vepa = scenario.vepa,
                    .swallowed = scenario.swallowed,
                    .daemon = {.settings = scenario.settings,
                               .fast_path = scenario.fast_path,
                               .polls_events = scenario.polls_events,
                               .seed = rng_(),
                               .make_machine = make_machine}};
  for (std::size_t i = 0; i < scenario.containers; ++i) {
    setup.containers.push_back({.mac = mac_of(i),
                                .address = address_of(i),
                                .vlan = vlan_of(i),
                                .gateway = scenario.gateways ? make_address(vlan_of(i), 1) : 0,
                                .announces_itself = scenario.announces_itself,
                                .there = !comes_later(scenario, i)});
  }
  host_ = std::make_unique<Host>(queue, rng_, trace, host_cable_, setup, checks);
}

std::vector<Station*> Network::peers_of(std::size_t container) const {
  std::vector<Station*> found;
  for (const auto& peer : peers_)
    if (peer->stack.identity().vlan == vlan_of(container)) found.push_back(peer.get());
  return found;
}

Station* Network::gateway_of(std::size_t container) const {
  for (const auto& gateway : gateways_)
    if (gateway->stack.identity().vlan == vlan_of(container)) return gateway.get();
  return nullptr;
}

}  // namespace arpline::sim
