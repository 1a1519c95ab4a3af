// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/adversary.hpp"
#include "sim/network.hpp"
#include "sim/scenario.hpp"

namespace arpline::sim {

/// Injects the faults of a scenario into the network and removes them.
class Faults {
 public:
  Faults(const Scenario& scenario, Queue& queue, Trace& trace, Network& network, Findings& findings)
      : scenario_(scenario), queue_(queue), trace_(trace), network_(network), findings_(findings) {}
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;

  /// Sets the conditions of the fault that hold from the start of the run.
  void prepare(const PlannedFault& fault);
  void begin(const PlannedFault& fault);
  void end(const PlannedFault& fault);

  /// Whether the fault has no duration, so that recovery begins with it.
  static bool is_instant(Fault fault);
  /// The time after the fault's end during which pings to this container may be lost.
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
