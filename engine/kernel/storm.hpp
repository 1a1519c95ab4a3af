// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
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
  /// A macvlan on the parent, as rtnetlink addresses it, and how a person does.
  struct Container {
    std::optional<int> nsid;  ///< none: in the parent's own namespace
    int ifindex = 0;
    std::string place;
  };
  using Containers = std::function<std::vector<Container>()>;

  /// The budget and per_second of a limit count, its other fields are the programs'.
  using Limits = std::vector<std::pair<arpl_storm_key, arpl_storm_limit>>;

  /// Adopts what an earlier run left in the maps, which outlive it. `route` belongs to the parent's namespace.
  Storm(const Maps& maps, Netlink& route, int ifindex);

  /// From now on these, and no others. What is counted for one that stays goes on. Throws SetupError.
  void set(Limits limits);
  /// Looks which groups are joined, while there is a limit that needs to know. Every second. Throws SetupError.
  void watch();
  /// Who is on the parent: what a container takes for itself is no reason to lift a limit of the host's.
  void set_containers(Containers containers) {
    containers_ = std::move(containers);
    asked_ = UINT32_MAX;  // as nobody can be: they are looked at next time
  }
  /// Containers that take all multicast, and get no more of it than the limits let through; empty: none.
  const std::string& takers() const noexcept { return takers_; }
  /// Why multicast is not limited although that is asked for; empty: it is, or nobody asks for it.
  const std::string& lifted() const noexcept { return lifted_; }

 private:
  bool limits_multicast() const;
  void look();
  bool host_takes_all(std::uint32_t asked);
  bool take_groups(const std::set<Mac>& joined);
  void write() const;

  const Maps& maps_;
  Netlink& route_;
  int ifindex_;
  Limits limits_;
  std::set<Mac> groups_;  // that are in the map
  std::string lifted_;
  Containers containers_ = [] { return std::vector<Container>{}; };
  std::string takers_;
  std::uint32_t asked_ = 0;  // of the parent, as it was when containers were looked at
  bool host_takes_ = false;
  unsigned looks_ = 0;
};

}  // namespace arpline
