// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/net.hpp"
#include "kernel/maps.hpp"
#include "kernel/netlink.hpp"

namespace arpline {

/// The one writer of `storm` and `groups`: the limits on what is not ARP, and the groups that none applies to.
class Storm {
 public:
  /// The budget and per_second of a limit count, its other fields are the programs'.
  using Limits = std::vector<std::pair<arpl_storm_key, arpl_storm_limit>>;

  /// Adopts what an earlier run left in the maps, which outlive it. `route` belongs to the parent's namespace.
  Storm(const Maps& maps, Netlink& route, int ifindex);

  /// From now on these, and no others. What is counted for one that stays goes on. Throws SetupError.
  void set(Limits limits);
  /// Looks which groups are joined, while there is a limit that needs to know. Every second. Throws SetupError.
  void watch();
  /// Why multicast is not limited although that is asked for; empty: it is, or nobody asks for it.
  const std::string& lifted() const noexcept { return lifted_; }

 private:
  bool limits_multicast() const;
  void look();
  bool take_groups(const std::set<Mac>& joined);
  void write() const;

  const Maps& maps_;
  Netlink& route_;
  int ifindex_;
  Limits limits_;
  std::set<Mac> groups_;  // that are in the map
  std::string lifted_;
};

}  // namespace arpline
