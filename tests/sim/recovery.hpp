// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "sim/checks.hpp"
#include "sim/faults.hpp"
#include "sim/network.hpp"

namespace arpline::sim {

/// Checks, after a single fault, that every container becomes reachable in time and that the reports that the
/// fault must cause have come.
class Recovery {
 public:
  Recovery(const Scenario& scenario, Queue& queue, Network& network, Checks& checks, Faults& faults,
           Findings& findings);
  Recovery(const Recovery&) = delete;
  Recovery& operator=(const Recovery&) = delete;

  void fault_begins();
  void fault_ends();
  /// All expected events have happened or are overdue.
  bool done() const noexcept { return ended_ && waiting_.empty() && queue_.now() >= look_until_; }

 private:
  using Pair = std::pair<std::size_t, std::size_t>;  // container, peer

  const PlannedFault& fault() const { return scenario_.faults.front(); }
  void ping(Pair pair, Time until);
  void expect_path(std::size_t container, bool host_reaches);
  void expect_back(std::size_t container);
  void expect_moved(std::size_t container);
  std::optional<Id> id_of(std::size_t container) const;

  const Scenario& scenario_;
  Queue& queue_;
  Network& network_;
  Checks& checks_;
  Faults& faults_;
  Findings& findings_;
  std::set<Pair> waiting_;
  bool ended_ = false;
  Time look_until_{};
  Time began_at_{};
};

}  // namespace arpline::sim
