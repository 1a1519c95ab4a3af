// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "control/parent_state.hpp"
#include "endpoints/population.hpp"
#include "kernel/storm.hpp"

namespace arpline {

/// Keeps the limits on what is not ARP in force, looks which multicast groups are joined, and says so when that
/// changes what is limited.
class GroupWatch {
 public:
  /// All outlive it. Throws SetupError.
  GroupWatch(const ParentState& state, const Maps& maps, Netlink& route, const Population& population);

  /// The configuration's limits have changed. Throws SetupError.
  void set_limits();
  /// Every second. Throws SetupError.
  void watch();
  void warn(std::vector<std::string>& warnings) const;

 private:
  const ParentState& state_;
  Storm storm_;
  std::string takers_;  // Storm::takers() and lifted(), as they were logged last
  std::string lifted_;
};

}  // namespace arpline
