// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "endpoints/population.hpp"

namespace arpline {

struct KeyLess {
  bool operator()(const arpl_endpoint_key& a, const arpl_endpoint_key& b) const noexcept {
    return a.vlan != b.vlan ? a.vlan < b.vlan : a.address < b.address;
  }
};

/// The endpoint that the table is to hold under this key; nullopt: none.
using TableUpdate = std::pair<arpl_endpoint_key, std::optional<Desired>>;

/// The interfaces that have each (vlan, address), in the order in which they got it. The first one keeps it
/// until it is gone, so that no container can take another's address by configuring it. Where several had it
/// before arpline started, the first is not known, and the endpoint is a duplicate that nobody answers for.
class AddressCandidates {
 public:
  /// The nsid of static endpoints.
  static constexpr int kStaticNsid = -2;
  /// resolve() considers only so many candidates of one address, the first ones.
  static constexpr std::size_t kMostLookedAt = 16;
  static constexpr std::size_t kMostNamed = 4;  ///< in Desired::also_at

  /// `who` has the address. heard_at: the time of the netlink message, kNoTime when it had it before arpline
  /// started.
  void arrive(const arpl_endpoint_key& key, InterfaceId who, Instant heard_at);
  void leave(const arpl_endpoint_key& key, InterfaceId who);
  /// The interface has changed; the message came at `heard_at`.
  void heard(const arpl_endpoint_key& key, InterfaceId who, Instant heard_at);
  /// `who` is known to be the first of those that had the address at the start.
  void mark_first(const arpl_endpoint_key& key, InterfaceId who);

  /// The endpoint that the address makes on this interface; nullopt when the configuration excludes it.
  using Describe = std::function<std::optional<Desired>(InterfaceId)>;
  std::optional<Desired> resolve(const arpl_endpoint_key& key, const Describe& describe);

  bool has(const arpl_endpoint_key& key) const { return candidates_.contains(key); }
  /// The candidates of one key in their order.
  std::vector<InterfaceId> of(const arpl_endpoint_key& key) const;
  /// All keys that have a candidate.
  std::vector<arpl_endpoint_key> keys() const;

 private:
  struct Candidate {
    InterfaceId who;
    Instant heard_at = kNoTime;  // time of the last change
    bool at_start = false;       // it had the address before arpline started
    bool first = false;          // it is known to have had it first
  };

  std::map<arpl_endpoint_key, std::vector<Candidate>, KeyLess> candidates_;
};

}  // namespace arpline
