// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "endpoints/address_candidates.hpp"
#include "endpoints/population.hpp"
#include "endpoints/table.hpp"
#include "sim/machine.hpp"
#include "sim/packet.hpp"
#include "sim/queue.hpp"
#include "sim/tables.hpp"
#include "sim/trace.hpp"
#include "sim/watcher.hpp"
#include "worker/engine_ingress.hpp"

namespace arpline::sim {

/// In the place of engine/control and of the programs' attachment: the tables, the decision and the protocol
/// machines are the real ones; what wires them is this, and does what control/parent.cpp, ingress and egress
/// do.
class Daemon final : private Actions {
 public:
  struct Setup {
    Protocol::Settings settings;
    bool fast_path = true;
    bool vepa = false;
    bool polls_events = false;  ///< they are collected with the look, as without a program in front
    std::uint64_t seed = 0;
    Mac parent_mac = 0;
    MakeMachine make_machine;
  };
  /// The host's hands and clock.
  struct Hands {
    std::function<std::uint64_t()> now;
    std::function<void(const Packet&)> to_wire;    ///< from the worker: nobody on the host sees it
    std::function<bool(const Packet&)> to_inside;  ///< through the interface with its MAC; false: there is none
  };

  Daemon(Queue& queue, Rng& rng, Trace& trace, const Setup& setup, Hands hands, Watcher& watcher);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Begins to serve what there is.
  void start(const std::vector<Interface>& interfaces);
  /// A namespace has exactly these interfaces now.
  void update(int nsid, const std::vector<Interface>& interfaces);
  void set_gateway(int nsid, Ipv4 gateway) { gateways_[nsid] = gateway; }
  void carrier_up();
  void set(const Protocol::Settings& settings);

  /// The ingress program: nullopt: answered or dropped; else what the kernel gets.
  std::optional<Packet> from_wire(const Packet& packet);
  /// The egress program; false: the frame is not sent.
  bool to_wire(Packet& packet, bool by_container);

  /// Nothing runs; after it the clock may have gone on.
  void pause(bool paused);
  /// The clock has jumped forward.
  void clock_jumped();
  /// The worker takes no orders.
  void refuse_orders(bool refuse) {
    refuses_ = refuse;
    watcher_.on_refusing(refuse, hands_.now());
  }

  Protocol::View view(Ipv4 address, std::uint16_t vlan) const;
  const Machine& machine() const noexcept { return *machine_; }
  const arpl_slot& slot(Id id) const { return maps_.slots()[id]; }
  std::optional<Id> id_of(Ipv4 address, std::uint16_t vlan) const;
  bool serves(Ipv4 address, std::uint16_t vlan) const { return id_of(address, vlan).has_value(); }

 private:
  bool send(const Outgoing& frame) override;
  void report(const Report& report) override;

  void follow(const Table::Changes& changes, Arrival arrival);
  std::vector<TableUpdate> take(int nsid, const std::vector<Interface>& interfaces, Time heard_at);
  void publish_macs();
  void hear(const arpl_event& event);
  void drain();
  void tick();
  void plan(std::uint64_t at);

  Queue& queue_;
  Rng& rng_;
  Trace& trace_;
  Setup setup_;
  Hands hands_;
  Watcher& watcher_;
  MapsInMemory maps_;
  Filter own_macs_;
  Table table_;
  Population population_;
  AddressCandidates candidates_;
  EngineIngress front_;
  std::unique_ptr<Machine> machine_;
  std::map<int, Ipv4> gateways_;
  bool paused_ = false;
  bool refuses_ = false;
  bool drain_planned_ = false;
  std::uint64_t tick_at_ = 0;
  std::uint64_t timer_ = 0;
};

}  // namespace arpline::sim
