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

/// What a table is to make of one key; none: nobody asks for it.
using TableUpdate = std::pair<arpl_endpoint_key, std::optional<Desired>>;

/// Who asks for which (vlan, address), in the order in which they came. Who was there first has it, until it
/// goes: nobody takes an address from another by giving it to itself. Only where two were there before anybody
/// looked it is nobody's.
class AddressCandidates {
 public:
  /// The nsid of what the configuration asks for.
  static constexpr int kStatics = -2;
  /// So many of those who have the same address are looked at, the first ones.
  static constexpr std::size_t kMostLookedAt = 16;
  static constexpr std::size_t kMostNamed = 4;  ///< in Desired::also_at

  /// heard_at 0: there already at the start.
  void arrive(const arpl_endpoint_key& key, Who who, std::uint64_t heard_at);
  void leave(const arpl_endpoint_key& key, Who who);
  /// Something about it has changed since, and was heard then.
  void heard(const arpl_endpoint_key& key, Who who, std::uint64_t heard_at);
  /// Of those who were there at the start this one was the first.
  void was_first(const arpl_endpoint_key& key, Who who);

  /// What its address is at that interface; none: it is not chosen.
  using Describe = std::function<std::optional<Desired>(Who)>;
  std::optional<Desired> resolve(const arpl_endpoint_key& key, const Describe& describe);

  bool has(const arpl_endpoint_key& key) const { return asking_.contains(key); }
  /// Those who ask for it, in their order.
  std::vector<Who> asking(const arpl_endpoint_key& key) const;
  /// All keys that somebody asks for.
  std::vector<arpl_endpoint_key> keys() const;

 private:
  struct Asking {
    Who who;
    std::uint64_t heard_at = 0;  // of the last change
    bool at_start = false;       // it was there before anybody looked
    bool first = false;          // and is known to have been there first
  };

  std::map<arpl_endpoint_key, std::vector<Asking>, KeyLess> asking_;
};

}  // namespace arpline
