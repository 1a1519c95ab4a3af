// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/adversary.hpp"
#include "sim/network.hpp"
#include "sim/scenario.hpp"

namespace arpline::sim {

/// Brings a network into trouble, and out of it again.
class Faults {
 public:
  Faults(const Scenario& scenario, Queue& queue, Trace& trace, Network& network, Findings& findings)
      : scenario_(scenario), queue_(queue), trace_(trace), network_(network), findings_(findings) {}
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;

  /// What is so from the start.
  void prepare(const PlannedFault& fault);
  void begin(const PlannedFault& fault);
  void end(const PlannedFault& fault);

  /// It has no end: what follows begins at once.
  static bool is_instant(Fault fault);
  /// So long after its end may a ping to this container be lost.
  Time bound(const PlannedFault& fault, std::size_t container) const;

 private:
  void begin_elsewhere(const PlannedFault& fault);
  void begin_here(const PlannedFault& fault);
  void claim(std::size_t target, Mac mac);
  void claim_on(std::size_t target, Time every, Time until);
  void take(Station& station, std::size_t target, Mac mac);
  void move_away(std::size_t target);
  void move_back(std::size_t target, Mac mac);
  void move_often(const PlannedFault& fault, std::size_t times);
  void probe_for(std::size_t target);
  void storm(Time until);
  void attack(const PlannedFault& fault, Time every, Time until);
  void ask_on(Time until);
  void keep_asking(std::size_t target, Time until);

  const Scenario& scenario_;
  Queue& queue_;
  Trace& trace_;
  Network& network_;
  Findings& findings_;
  Adversary adversary_{network_};
};

}  // namespace arpline::sim
