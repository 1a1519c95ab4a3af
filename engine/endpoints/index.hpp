// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/filter.hpp"
#include "shared/abi.h"

namespace arpline {

/// The writer of `endpoint_index`, which frames are looked up in. A set that is full says so, and the
/// programs ask the hash `endpoints` for what it has no room for.
class Index {
 public:
  /// `sets`: ARPL_INDEX_SETS of them, `filter`: ARPL_FILTER_WORDS; they outlive it. `factor`: of
  /// arpl_hash_keys.
  Index(std::span<arpl_index_set> sets, std::span<std::uint64_t> filter, std::uint64_t factor)
      : sets_(sets), filter_(filter), factor_(factor) {}

  /// Puts it there, or leaves it where it stands already. Once for each erase().
  void put(const arpl_endpoint_key& key, std::uint32_t slot);
  void erase(const arpl_endpoint_key& key);
  /// Empties every cell that `wanted` says no to.
  void keep(const std::function<bool(const arpl_endpoint_key& key, std::uint32_t slot)>& wanted);

 private:
  arpl_index_set& set_of(const arpl_endpoint_key& key) const;

  std::span<arpl_index_set> sets_;
  Filter filter_;
  std::uint64_t factor_;
};

}  // namespace arpline
