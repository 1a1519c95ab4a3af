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

/// Which gateway each endpoint asks the way to: the configuration's, or that of the routes in its namespace,
/// which are read one namespace at a time. No event tells of another namespace's routes, and runtimes set them
/// after the addresses: they are read again 1, 2, 4, … s after a change, then every minute.
class Gateways {
 public:
  static constexpr std::uint64_t kSoonNs = 1'000'000'000;
  static constexpr std::uint64_t kEveryNs = 60'000'000'000;

  using Found = std::function<void(Id, Ipv4)>;  ///< 0: it has none

  /// `host` outlives it.
  explicit Gateways(DriverHost& host) : host_(host) {}

  /// The first of these that lies in an endpoint's subnet is its gateway. enabled = false: nobody wants to
  /// know.
  void configure(std::vector<Ipv4> gateways, bool enabled, std::uint64_t now);
  void add(Id id, const Desired& endpoint, std::uint64_t now);
  void erase(Id id);

  /// Looks into one namespace at most; returns when to call it again.
  std::uint64_t tick(std::uint64_t now, const Found& found);

 private:
  struct Wanted {
    int nsid = -1;  // of a static endpoint: nowhere to look
    int ifindex = 0;
    Ipv4 address = 0;
    std::uint8_t prefix_bits = 32;
  };
  struct NetnsGateways {
    std::set<Id> ids;
    std::uint64_t at = kNever;
    unsigned looks = 0;  // since something has changed
  };

  Ipv4 configured(const Wanted& wanted) const;
  void enqueue(int nsid, NetnsGateways& netns, std::uint64_t at);
  void look(int nsid, NetnsGateways& netns, const Found& found);

  DriverHost& host_;
  std::vector<Ipv4> gateways_;
  bool enabled_ = true;
  std::unordered_map<Id, Wanted> wanted_;
  std::map<int, NetnsGateways> namespaces_;
  std::set<std::pair<std::uint64_t, int>> queue_;
  std::set<Id> fresh_;  // not told yet what the configuration says
};

}  // namespace arpline
