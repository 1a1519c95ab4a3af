// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "control/parent_state.hpp"
#include "endpoints/population.hpp"
#include "kernel/storm.hpp"

namespace arpline {

/// Keeps the limits on broadcast and multicast other than ARP in force. It follows which multicast groups are
/// joined, and logs when that changes the frames that are limited.
class GroupWatch {
 public:
  /// All arguments outlive it. Throws SetupError.
  GroupWatch(const ParentState& state, const Maps& maps, Netlink& route, const Population& population);

  /// The configuration's limits have changed. Throws SetupError.
  void set_limits();
  /// Every second. Throws SetupError.
  void watch();
  void warn(std::vector<std::string>& warnings) const;

 private:
  const ParentState& state_;
  Storm storm_;
  std::string takers_;  // Storm::takers() as last logged
  std::string lifted_;  // Storm::lifted() as last logged
};

}  // namespace arpline
