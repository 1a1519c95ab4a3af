// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "endpoints/classify.hpp"

namespace arpline {

struct KeyLess {
  bool operator()(const arpl_endpoint_key& a, const arpl_endpoint_key& b) const noexcept {
    return a.vlan != b.vlan ? a.vlan < b.vlan : a.address < b.address;
  }
};

/// What a table is to make of one key; none: nobody asks for it.
using Wish = std::pair<arpl_endpoint_key, std::optional<Desired>>;

/// Who asks for which (vlan, address), by where they were found. An address that two ask for is nobody's: both
/// are reported, as one duplicate that is not served. Costs what changes, not what there is.
class Census {
 public:
  /// The id of a namespace, or kStatics.
  using Source = int;
  static constexpr Source kStatics = -2;

  /// From now on `source` asks for exactly these. Returns what has become of the keys that it asked for or asks
  /// for.
  std::vector<Wish> replace(Source source, std::vector<Desired> now);

  /// All that is asked for.
  std::vector<Desired> all() const;

 private:
  struct Asking {
    Source source = 0;
    Desired desired;
  };

  static std::optional<Desired> resolve(std::span<const Asking> asking);

  std::map<Source, std::vector<arpl_endpoint_key>> keys_;
  std::map<arpl_endpoint_key, std::vector<Asking>, KeyLess> asking_;
};

}  // namespace arpline
