// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "config/config.hpp"
#include "control/endpoint_registry.hpp"
#include "control/protocol_driver.hpp"
#include "endpoints/memory_tables.hpp"
#include "sim/machine.hpp"
#include "sim/packet.hpp"
#include "sim/queue.hpp"
#include "sim/trace.hpp"
#include "sim/watcher.hpp"
#include "worker/engine_ingress.hpp"

namespace arpline::sim {

/// The control loop, in place of control/parent.cpp and of the attached programs. Tables, ingress, egress,
/// registry, driver and machines are the daemon's own code.
class Daemon {
 public:
  struct Setup {
    Protocol::Settings settings;
    bool fast_path = true;
    bool vepa = false;
    bool polls_events = false;  ///< events are read at each tick, as on a host without XDP program
    std::uint64_t seed = 0;
    Mac parent_mac = 0;
    MakeMachine make_machine;
  };
  /// The daemon's access to the host: its clock and its outputs.
  struct Hands {
    std::function<Instant()> now;
    std::function<void(const Packet&)> to_wire;    ///< from the worker, below the host's network stack
    std::function<bool(const Packet&)> to_inside;  ///< through the MAC's interface; false: there is none
  };

  Daemon(Queue& queue, Rng& rng, Trace& trace, const Setup& setup, Hands hands, Watcher& watcher);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  /// Starts with these interfaces.
  void start(const std::vector<Interface>& interfaces);
  /// Replaces the interfaces of a namespace.
  void update(int nsid, const std::vector<Interface>& interfaces);
  void set_gateway(int nsid, Ipv4 gateway) { gateways_[nsid] = gateway; }
  void carrier_up();
  void set(const Protocol::Settings& settings);

  /// Runs ingress. Returns the frame for the kernel, or nullopt when it was answered or dropped.
  std::optional<Packet> from_wire(const Packet& packet);
  /// Runs egress; false: the frame is dropped.
  bool to_wire(Packet& packet);

  /// Stops and continues everything; the clock may have advanced meanwhile.
  void pause(bool paused);
  /// To be called after the clock has jumped forward.
  void clock_jumped();
  /// Makes the worker refuse all orders.
  void refuse_orders(bool refuse) {
    refuses_ = refuse;
    watcher_.on_refusing(refuse, hands_.now());
  }

  Protocol::View view(Ipv4 address, std::uint16_t vlan) const;
  const Machines& machines() const noexcept { return *machines_; }
  const arpl_slot& slot(Id id) const { return maps_.tables().slots[id]; }
  std::optional<Id> id_of(Ipv4 address, std::uint16_t vlan) const;
  bool serves(Ipv4 address, std::uint16_t vlan) const { return id_of(address, vlan).has_value(); }

 private:
  class Worker;
  class HostOfDriver;

  void follow(const Table::Changes& changes);
  void configure(const Protocol::Settings& settings);
  void expect_events();
  void hear(const arpl_event& event);
  void drain();
  void tick();
  void plan(Instant at);

  Queue& queue_;
  Rng& rng_;
  Trace& trace_;
  Setup setup_;
  Hands hands_;
  Watcher& watcher_;
  MemoryTables maps_;
  EndpointRegistry registry_;
  EngineIngress ingress_{maps_.tables()};
  Config config_;
  ParentConfig own_;
  std::unique_ptr<Worker> worker_;
  const Machines* machines_ = nullptr;  // owned by the driver
  std::unique_ptr<ProtocolDriver> driver_;
  std::map<int, Ipv4> gateways_;
  bool paused_ = false;
  bool refuses_ = false;
  bool drain_planned_ = false;
  Instant tick_at_ = kNoTime;
  std::uint64_t timer_ = 0;
};

}  // namespace arpline::sim
