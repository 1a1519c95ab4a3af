// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/cable.hpp"
#include "sim/checks.hpp"
#include "sim/host.hpp"
#include "sim/scenario.hpp"
#include "sim/stack.hpp"
#include "sim/switch.hpp"

namespace arpline::sim {

/// A station at the switch, other than arpline's host.
struct Station {
  Station(Queue& queue, Rng& rng, const Quality& quality, Switch& at, const Stack::Identity& identity)
      : cable(queue, rng, quality),
        port(at.plug(cable)),
        stack(queue, rng, identity, [this](const Packet& packet) { cable.send(0, packet); }) {
    cable.attach(0, [this](const Packet& packet) {
      if (hears) hears(packet);
      stack.receive(packet);
    });
  }
  Station(const Station&) = delete;
  Station& operator=(const Station&) = delete;

  Cable cable;
  Switch::Port port;
  Stack stack;
  std::function<void(const Packet&)> hears;  ///< receives each frame, before the station's kernel does
};

/// All parts of a scenario, connected. It starts no traffic by itself.
class Network {
 public:
  Network(const Scenario& scenario, Queue& queue, Trace& trace, Checks& checks,
          const MakeMachine& make_machine);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// Whether container `index` is created only by a fault; the others exist from the start.
  static bool comes_later(const Scenario& scenario, std::size_t index);

  std::uint16_t vlan_of(std::size_t container) const { return vlans_.at(container % vlans_.size()); }
  Ipv4 address_of(std::size_t container) const;
  Mac mac_of(std::size_t container) const;
  /// A MAC that has not been used before.
  Mac new_mac();
  std::vector<Station*> peers_of(std::size_t container) const;
  /// The gateway of the container's VLAN; nullptr when there is none.
  Station* gateway_of(std::size_t container) const;
  Station& rival() noexcept { return *rival_; }
  Station& second_host() noexcept { return *second_host_; }
  Host& host() noexcept { return *host_; }
  Switch& fabric() noexcept { return switch_; }
  Cable& host_cable() noexcept { return host_cable_; }
  Switch::Port host_port() const noexcept { return host_port_; }
  Rng& rng() noexcept { return rng_; }

 private:
  Rng rng_;
  Switch switch_;
  Cable host_cable_;
  Switch::Port host_port_ = 0;
  std::vector<std::uint16_t> vlans_;
  std::vector<std::unique_ptr<Station>> peers_;
  std::vector<std::unique_ptr<Station>> gateways_;
  std::unique_ptr<Station> rival_;
  std::unique_ptr<Station> second_host_;
  std::unique_ptr<Host> host_;
  std::uint64_t macs_ = 0;
};

}  // namespace arpline::sim
