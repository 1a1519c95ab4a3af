// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "endpoints/index.hpp"
#include "endpoints/tables.hpp"
#include "ethdev_memory.hpp"
#include "shared/verdicts.h"

namespace arpline::bench {

/// A table that begins with a page, as the memory of a BPF map does: what is one cache line there is one here.
template <class T>
class Pages {
 public:
  explicit Pages(std::size_t count)
      : all_(new (std::align_val_t{kPageBytes}) T[count]{}, Delete{}), count_(count) {}
  std::span<T> all() const noexcept { return {all_.get(), count_}; }
  T& operator[](std::size_t index) const noexcept { return all_[index]; }

 private:
  static constexpr std::size_t kPageBytes = 4096;
  struct Delete {
    void operator()(T* all) const noexcept { ::operator delete[](all, std::align_val_t{kPageBytes}); }
  };
  std::unique_ptr<T[], Delete> all_;
  std::size_t count_;
};

/// Confirmed endpoints of 64 interfaces, each with one requester that its kernel has answered, and the limits
/// that arplined starts with.
class World {
 public:
  /// Up to ARPL_MAX_ENDPOINTS. Throws SetupError.
  explicit World(std::uint32_t endpoints);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  arpl_tables& tables() noexcept { return tables_; }
  /// Who-has of the endpoints' own requesters, at random.
  std::vector<FrameBytes> questions(std::size_t count) const;

 private:
  void add(std::uint32_t number, Index& index, std::uint64_t now);

  std::uint32_t endpoints_;
  __u64 lease_ = ~std::uint64_t{0};
  arpl_limits limits_{};
  OwnMacTable macs_;
  Pages<arpl_slot> slots_{ARPL_MAX_ENDPOINTS};
  Pages<arpl_endpoint_stats> stats_{ARPL_MAX_ENDPOINTS};
  Pages<arpl_index_bucket> index_{ARPL_INDEX_BUCKETS};
  Pages<__u64> filter_{ARPL_FILTER_WORDS};
  Pages<arpl_pair_set> pairs_{ARPL_PAIR_SETS};
  Pages<__u64> heard_{ARPL_HEARD_ENTRIES};
  Pages<__u64> buckets_{ARPL_BUCKETS};
  Pages<arpl_credit> credit_{ARPL_MAX_QUEUES};
  EndpointHash endpoint_map_;
  arpl_tables tables_;
};

}  // namespace arpline::bench
