// SPDX-License-Identifier: Apache-2.0
#include "sim/faults.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <memory>

namespace arpline::sim {
namespace {

constexpr std::size_t kMovesThere = 3;  // moves there; with those back six in all
constexpr std::uint32_t kHalf = 500;    // in thousandths

}  // namespace

bool Faults::is_instant(Fault fault) {
  switch (fault) {
    case Fault::none:
    case Fault::flush:
    case Fault::flap:
    case Fault::withdraw:
    case Fault::comes_back:
    case Fault::claims_once:
    case Fault::prober:
    case Fault::gateway_moved:
    case Fault::jump:
    case Fault::sibling_claims:
    case Fault::host_claims:
    case Fault::reconfigure:
      return true;
    default:
      return false;
  }
}

void Faults::prepare(const PlannedFault& fault) {
  if (fault.fault == Fault::comes_back) take(network_.second_host(), fault.target, network_.new_mac());
}

void Faults::begin(const PlannedFault& fault) {
  trace_.event("fault begins", static_cast<std::uint64_t>(fault.fault), fault.target);
  begin_elsewhere(fault);
  begin_here(fault);
}

// Faults in the network outside the host.
void Faults::begin_elsewhere(const PlannedFault& fault) {
  const auto target = fault.target;
  auto* gateway = network_.gateway_of(target);
  auto& host = network_.host();
  switch (fault.fault) {
    case Fault::flush:
      return network_.fabric().flush();
    case Fault::flap: {
      const auto& identity = host.container(target).identity();
      return network_.rival().cable.send(
          0, who_has(identity.mac, identity.address, identity.address + (1U << 31U), 0, identity.vlan));
    }
    case Fault::partition:
      return network_.host_cable().cut(true);
    case Fault::lossy:
      return network_.host_cable().set_lost(kHalf);
    case Fault::claims_once:
      return claim(target, network_.rival().stack.identity().mac);
    case Fault::claims_often:
      return claim_on(target, (1 + network_.rng()() % 4) * kSecond, queue_.now() + fault.lasts);
    case Fault::takes_address:
      take(network_.rival(), target, network_.rival().stack.identity().mac);
      return network_.rival().stack.announce(false);
    case Fault::prober:
      return probe_for(target);
    case Fault::proxy:
    case Fault::gateway_gone:
    case Fault::gateway_moved:
      if (gateway == nullptr) return;
      if (fault.fault == Fault::gateway_gone) return gateway->stack.power(false);
      {
        auto identity = gateway->stack.identity();
        identity.proxy = fault.fault == Fault::proxy;
        if (fault.fault == Fault::gateway_moved) identity.mac = network_.new_mac();
        return gateway->stack.become(identity);
      }
    case Fault::mac_dropped:
      return network_.fabric().drop(host.container(target).identity().mac, true);
    case Fault::port_locked:
      return network_.fabric().lock(network_.host_port(), true);
    case Fault::storm:
      return storm(queue_.now() + fault.lasts);
    case Fault::adversary:
    case Fault::hostile: {
      constexpr std::array kEach{2 * kMs, 10 * kMs, 50 * kMs};
      ask_on(queue_.now() + fault.lasts);
      return attack(fault, kEach.at(network_.rng()() % kEach.size()), queue_.now() + fault.lasts);
    }
    default:
      return;
  }
}

// Faults on the host.
void Faults::begin_here(const PlannedFault& fault) {
  const auto target = fault.target;
  auto& host = network_.host();
  switch (fault.fault) {
    case Fault::carrier:
      network_.fabric().forget(network_.host_port());
      return host.carrier(false);
    case Fault::new_mac:
    case Fault::restart:
    case Fault::withdraw:
      return host.remove(target);
    case Fault::interface_down:
      return host.set_up(target, false);
    case Fault::moves_away:
      return move_away(target);
    case Fault::comes_back:
      return move_back(target, network_.mac_of(target));
    case Fault::moves_often:
      return move_often(fault, kMovesThere);
    case Fault::pause:
      return host.pause();
    case Fault::jump:
      return host.jump(fault.lasts);
    case Fault::worker_full:
      return host.daemon().refuse_orders(true);
    case Fault::sibling_claims: {
      if (host.containers() < 2) return;
      const auto sibling = (target + 1) % host.containers();
      if (!host.runs(sibling) || network_.vlan_of(sibling) != network_.vlan_of(target)) return;
      const auto address = network_.address_of(target);
      return host.say(sibling, who_has(host.container(sibling).identity().mac, address, address, 0,
                                       network_.vlan_of(target)));
    }
    case Fault::host_claims: {
      const auto address = network_.address_of(target);
      return host.say_as_host(
          who_has(host.parent().identity().mac, address, address, 0, network_.vlan_of(target)));
    }
    case Fault::silent:
      keep_asking(target, queue_.now() + fault.lasts);
      return host.silence(target, true);
    case Fault::reconfigure:
      return host.daemon().set(scenario_.other_settings);
    default:
      return;
  }
}

void Faults::end(const PlannedFault& fault) {
  trace_.event("fault ends", static_cast<std::uint64_t>(fault.fault), fault.target);
  const auto target = fault.target;
  auto& host = network_.host();
  switch (fault.fault) {
    case Fault::partition:
      return network_.host_cable().cut(false);
    case Fault::lossy:
      return network_.host_cable().set_lost(scenario_.quality.lost);
    case Fault::carrier:
      return host.carrier(true);
    case Fault::new_mac:
      return host.create(target, network_.new_mac());
    case Fault::restart:
      return host.create(target, network_.mac_of(target));
    case Fault::interface_down:
      return host.set_up(target, true);
    case Fault::takes_address:
      return network_.rival().stack.power(false);
    case Fault::proxy:
    case Fault::gateway_gone:
      if (auto* gateway = network_.gateway_of(target)) {
        auto identity = gateway->stack.identity();
        identity.proxy = false;
        gateway->stack.become(identity);
        gateway->stack.power(true);
      }
      return;
    case Fault::mac_dropped:
      return network_.fabric().drop(host.container(target).identity().mac, false);
    case Fault::port_locked:
      return network_.fabric().lock(network_.host_port(), false);
    case Fault::pause:
      return host.resume(network_.rng()() % 2 == 0);
    case Fault::worker_full:
      return host.daemon().refuse_orders(false);
    case Fault::silent:
      return host.silence(target, false);
    default:
      return;
  }
}

void Faults::claim(std::size_t target, Mac mac) {
  const auto address = network_.address_of(target);
  const auto vlan = network_.vlan_of(target);
  const bool as_reply = network_.rng()() % 3 == 0;
  network_.rival().cable.send(0, as_reply ? is_at(mac, address, ARPL_MAC_BROADCAST, address, vlan)
                                          : who_has(mac, address, address, 0, vlan));
}

void Faults::claim_on(std::size_t target, Time every, Time until) {
  claim(target, network_.rival().stack.identity().mac);
  if (queue_.now() + every < until) queue_.after(every, [=, this] { claim_on(target, every, until); });
}

void Faults::take(Station& station, std::size_t target, Mac mac) {
  station.stack.power(true);
  station.stack.become({.mac = mac, .address = network_.address_of(target), .vlan = network_.vlan_of(target)});
}

// The second host takes the address up to two seconds before or after the container goes.
void Faults::move_away(std::size_t target) {
  const auto overlap = random_below(network_.rng(), 2 * kSecond);
  const bool first_there = network_.rng()() % 2 == 0;
  const auto mac = network_.new_mac();
  const auto arrive = [=, this] {
    take(network_.second_host(), target, mac);
    network_.second_host().stack.announce(false);
  };
  const auto leave = [=, this] { network_.host().remove(target); };
  if (first_there) {
    arrive();
    queue_.after(overlap, leave);
  } else {
    leave();
    queue_.after(overlap, arrive);
  }
}

void Faults::move_back(std::size_t target, Mac mac) {
  network_.second_host().stack.power(false);
  network_.host().create(target, mac);
}

void Faults::move_often(const PlannedFault& fault, std::size_t times) {
  if (times == 0) return;
  const auto target = fault.target;
  take(network_.second_host(), target, network_.new_mac());
  network_.second_host().stack.announce(false);
  queue_.after(kSecond, [=, this] { network_.host().remove(target); });
  const auto each = fault.lasts / kMovesThere;
  queue_.after(each / 2, [=, this] { move_back(target, network_.new_mac()); });
  if (times > 1) queue_.after(each, [=, this] { move_often(fault, times - 1); });
}

// RFC 5227 section 2.1.1: three probes; an answer to any shows that the address is in use.
void Faults::probe_for(std::size_t target) {
  constexpr Time kAnswered = 1 * kSecond;
  auto& rival = network_.rival();
  const auto address = network_.address_of(target);
  const auto vlan = network_.vlan_of(target);
  const auto told = std::make_shared<bool>(false);
  rival.hears = [=](const Packet& packet) {
    *told = *told || (packet.kind == Kind::arp && packet.arp.sender_ip == address && packet.arp.vlan == vlan);
  };
  const bool expected = scenario_.single && network_.host().runs(target);
  for (int i = 0; i < 3; ++i)
    queue_.after(i * kSecond, [=, &rival] {
      rival.cable.send(0, who_has(rival.stack.identity().mac, 0, address, 0, vlan));
    });
  queue_.after(kAnswered, [=, this] {
    if (expected) findings_.check(Property::told_in_use, *told, [&] { return format_ipv4(address); });
  });
}

void Faults::storm(Time until) {
  constexpr Time kEach = 5 * kMs;
  const auto target = network_.rng()() % network_.host().containers();
  claim(target, network_.new_mac());
  // A who-has between random addresses, from a MAC that nobody has.
  network_.rival().cable.send(0, who_has(network_.new_mac(), static_cast<Ipv4>(network_.rng()()),
                                         static_cast<Ipv4>(network_.rng()()), 0, network_.vlan_of(target)));
  if (queue_.now() + kEach < until) queue_.after(kEach, [=, this] { storm(until); });
}

void Faults::attack(const PlannedFault& fault, Time every, Time until) {
  if (fault.fault == Fault::adversary) {
    auto& rival = network_.rival();
    rival.cable.send(0, adversary_.frame(rival.stack.identity().mac, fault.target));
  } else if (network_.host().runs(fault.target)) {
    const auto mac = network_.host().container(fault.target).identity().mac;
    auto packet = adversary_.frame(mac, (fault.target + 1) % network_.host().containers());
    packet.arp.vlan = network_.vlan_of(fault.target);
    network_.host().say(fault.target, packet);
  }
  if (queue_.now() + every < until) queue_.after(every, [=, this] { attack(fault, every, until); });
}

// Makes a well-behaved peer send who-has during the fault.
void Faults::ask_on(Time until) {
  constexpr Time kEach = 10 * kMs;
  constexpr std::uint32_t kMarked = 0xffffffffU;
  const auto container = network_.rng()() % network_.host().containers();
  const auto peers = network_.peers_of(container);
  auto* peer = peers.at(network_.rng()() % peers.size());
  const auto& identity = peer->stack.identity();
  const auto to = network_.rng()() % 4 == 0 ? network_.host().container(container).identity().mac : 0;
  auto question = who_has(identity.mac, identity.address, network_.address_of(container), to, identity.vlan);
  question.number = kMarked;
  peer->cable.send(0, question);
  if (queue_.now() + kEach < until) queue_.after(kEach, [=, this] { ask_on(until); });
}

void Faults::keep_asking(std::size_t target, Time until) {
  auto* peer = network_.peers_of(target).front();
  const auto& identity = peer->stack.identity();
  peer->cable.send(0, who_has(identity.mac, identity.address, network_.address_of(target), 0, identity.vlan));
  if (queue_.now() + kSecond < until) queue_.after(kSecond, [=, this] { keep_asking(target, until); });
}

}  // namespace arpline::sim
