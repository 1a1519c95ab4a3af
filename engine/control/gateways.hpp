// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "control/driver_host.hpp"
#include "endpoints/classify.hpp"
#include "protocol/announced_endpoint.hpp"
#include "protocol/timing.hpp"

namespace arpline {

/// Finds each endpoint's gateway: the configured one, or that of the routes in its namespace, which are read
/// one namespace at a time. No event reports the routes of another namespace, and runtimes set them after the
/// addresses, so they are read again 1, 2, 4, … s after a change, then every minute.
class Gateways {
 public:
  static constexpr Duration kSoon = 1s;
  static constexpr Duration kEvery = 60s;

  using Found = std::function<void(Id, Ipv4)>;  ///< 0: the endpoint has none

  /// `host` outlives it.
  explicit Gateways(DriverHost& host) : host_(host) {}

  /// An endpoint's gateway is the first of `gateways` in its subnet. `enabled` = false: no gateway is looked
  /// for.
  void configure(std::vector<Ipv4> gateways, bool enabled, Instant now);
  void add(Id id, const Desired& endpoint, Instant now);
  void erase(Id id);

  /// Reads the routes of one namespace at most; returns when to call it again.
  Instant tick(Instant now, const Found& found);

 private:
  struct Wanted {
    int nsid = -1;  // -1: a static endpoint, which has no routes
    int ifindex = 0;
    Ipv4 address = 0;
    std::uint8_t prefix_bits = 32;
  };
  struct NetnsGateways {
    std::set<Id> ids;
    Instant at = kNever;
    unsigned reads = 0;  // since the last change
  };

  Ipv4 configured(const Wanted& wanted) const;
  void enqueue(int nsid, NetnsGateways& netns, Instant at);
  void read_routes(int nsid, NetnsGateways& netns, const Found& found);

  DriverHost& host_;
  std::vector<Ipv4> gateways_;
  bool enabled_ = true;
  std::unordered_map<Id, Wanted> wanted_;
  std::map<int, NetnsGateways> namespaces_;
  std::set<std::pair<Instant, int>> queue_;
  std::set<Id> fresh_;  // endpoints whose configured gateway has not been reported yet
};

}  // namespace arpline
