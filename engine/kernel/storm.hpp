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

/// The only writer of `storm`, the limits on broadcast and multicast other than ARP, and of `groups`, the
/// multicast groups that are exempt.
class Storm {
 public:
  /// A macvlan on the parent: its address in rtnetlink and its name for people.
  struct Container {
    std::optional<int> nsid;  ///< none: in the parent's own namespace
    int ifindex = 0;
    std::string place;
  };
  using Containers = std::function<std::vector<Container>()>;

  /// Only the budget and per_second of a limit count here; the programs own its other fields.
  using Limits = std::vector<std::pair<arpl_storm_key, arpl_storm_limit>>;

  /// Adopts the entries that an earlier run has left in the maps. `maps` outlive the object; `route` belongs to
  /// the parent's namespace.
  Storm(const Maps& maps, Netlink& route, int ifindex);

  /// Replaces all limits. The counters of a limit that stays go on. Throws SetupError.
  void set(Limits limits);
  /// Updates the exempt groups while there is a multicast limit. To be called once a second. Throws SetupError.
  void watch();
  /// Sets the source of the parent's macvlans: a container that receives all multicast is no reason to lift a
  /// limit.
  void set_containers(Containers containers) {
    containers_ = std::move(containers);
    parent_requests_ = UINT32_MAX;  // an impossible value: the next update reads the containers
  }
  /// Containers that receive all multicast, as far as the limits let it through; empty: none.
  const std::string& takers() const noexcept { return takers_; }
  /// The reason why a configured multicast limit is not in force; empty when it is in force or not configured.
  const std::string& lifted() const noexcept { return lifted_; }

 private:
  bool limits_multicast() const;
  void update();
  bool host_takes_all(std::uint32_t requests);
  bool take_groups(const std::set<Mac>& joined);
  void write() const;

  const Maps& maps_;
  Netlink& route_;
  int ifindex_;
  Limits limits_;
  std::set<Mac> groups_;  // the groups in the map
  std::string lifted_;
  Containers containers_ = [] { return std::vector<Container>{}; };
  std::string takers_;
  std::uint32_t parent_requests_ = 0;  // the parent's all_multicast when the containers were last read
  bool host_takes_ = false;
  unsigned updates_ = 0;
};

}  // namespace arpline
