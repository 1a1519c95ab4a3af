// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "sim/cable.hpp"
#include "sim/packet.hpp"
#include "sim/queue.hpp"
#include "sim/trace.hpp"

namespace arpline::sim {

/// A learning switch; every port is in every VLAN.
class Switch {
 public:
  using Port = std::size_t;

  struct Behaviour {
    Time ageing = 300 * kSecond;
    bool floods = true;  ///< floods unicast to an unknown MAC
  };

  Switch(Queue& queue, Trace& trace, const Behaviour& behaviour)
      : queue_(queue), trace_(trace), behaviour_(behaviour) {}
  Switch(const Switch&) = delete;
  Switch& operator=(const Switch&) = delete;

  Port plug(Cable& cable);

  /// Hairpin mode: the port sends frames back out where they came in, as macvlan in mode vepa requires.
  void reflect(Port port) { ports_.at(port).reflects = true; }
  /// Limits the number of source MACs at this port; 0: no limit.
  void allow(Port port, std::size_t most_macs) { ports_.at(port).most_macs = most_macs; }
  /// Drops frames from MACs not learned at this port (`bridge link set dev … locked on`).
  void lock(Port port, bool locked) { ports_.at(port).locked = locked; }
  /// Drops all frames from this MAC.
  void drop(Mac mac, bool drops);
  /// Forgets all entries, as after a topology change.
  void flush() { table_.clear(); }
  /// Forgets the entries of one port, as when it loses its carrier.
  void forget(Port port);

  std::size_t knows() const noexcept { return table_.size(); }

 private:
  struct PortState {
    Cable* cable = nullptr;
    bool reflects = false;
    bool locked = false;
    std::size_t most_macs = 0;
    std::set<Mac> seen;
  };
  struct Learned {
    Port port = 0;
    Time when{};
  };
  using Key = std::pair<std::uint16_t, Mac>;

  void receive(Port port, const Packet& packet);
  bool admits(Port port, const Key& source);
  const Learned* find(const Key& key) const;
  void send(Port port, const Packet& packet) { ports_.at(port).cable->send(1, packet); }

  Queue& queue_;
  Trace& trace_;
  Behaviour behaviour_;
  std::vector<PortState> ports_;
  std::map<Key, Learned> table_;
  std::set<Mac> dropped_;
};

}  // namespace arpline::sim
