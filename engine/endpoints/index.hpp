// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/filter.hpp"
#include "shared/abi.h"

namespace arpline {

/// The writer of the map `endpoint_index`, in which the programs look up an endpoint with one cache line. A set
/// that overflows is marked, and the programs then look in the hash map `endpoints` as well.
class Index {
 public:
  /// `sets` has ARPL_INDEX_SETS entries, `filter` ARPL_FILTER_WORDS; both outlive this object. `factor` is the
  /// one in arpl_hash_keys.
  Index(std::span<arpl_index_set> sets, std::span<std::uint64_t> filter, std::uint64_t factor)
      : sets_(sets), filter_(filter), factor_(factor) {}

  /// Adds the key, or changes its slot in place. Each put() needs its own erase(): the filter counts them.
  void put(const arpl_endpoint_key& key, std::uint32_t slot);
  void erase(const arpl_endpoint_key& key);
  /// Clears each cell for which `wanted` returns false.
  void keep(const std::function<bool(const arpl_endpoint_key& key, std::uint32_t slot)>& wanted);

 private:
  arpl_index_set& set_of(const arpl_endpoint_key& key) const;

  std::span<arpl_index_set> sets_;
  Filter filter_;
  std::uint64_t factor_;
};

}  // namespace arpline
