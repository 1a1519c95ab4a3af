// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "shared/abi.h"

namespace arpline {

/// The writer of `endpoint_index`, which frames are looked up in. A bucket that is full says so, and the
/// programs ask the hash `endpoints` for what it has no room for.
class Index {
 public:
  /// `buckets`: ARPL_INDEX_BUCKETS of them; they outlive it. `hash_key`: arpl_meta.hash_key[0].
  Index(std::span<arpl_index_bucket> buckets, std::uint64_t hash_key)
      : buckets_(buckets), hash_key_(hash_key) {}

  /// Puts it there, or leaves it where it stands already.
  void put(const arpl_endpoint_key& key, std::uint32_t slot);
  void erase(const arpl_endpoint_key& key);
  /// Empties every cell that `wanted` says no to.
  void keep(const std::function<bool(const arpl_endpoint_key& key, std::uint32_t slot)>& wanted);

 private:
  arpl_index_bucket& bucket_of(const arpl_endpoint_key& key) const;

  std::span<arpl_index_bucket> buckets_;
  std::uint64_t hash_key_;
};

}  // namespace arpline
