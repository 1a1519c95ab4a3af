// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "endpoints/table.hpp"
#include "endpoints/tables.hpp"
#include "worker/engine_ingress_tables.hpp"

namespace arpline::sim {

/// Zeroes, of which only what is used costs anything: a run touches little of the tables.
template <class T>
class Zeroed {
 public:
  explicit Zeroed(std::size_t count) : memory_(static_cast<T*>(std::calloc(count, sizeof(T)))), count_(count) {
    if (!memory_) throw std::bad_alloc();
  }
  std::span<T> all() const noexcept { return {memory_.get(), count_}; }

 private:
  struct Free {
    void operator()(T* memory) const noexcept { std::free(memory); }
  };
  std::unique_ptr<T, Free> memory_;
  std::size_t count_;
};

/// What the maps are on a real host, in memory. Has room for kSlots endpoints.
class MapsInMemory final : public EndpointMap {
 public:
  static constexpr std::size_t kSlots = 128;

  MapsInMemory();
  MapsInMemory(const MapsInMemory&) = delete;
  MapsInMemory& operator=(const MapsInMemory&) = delete;

  arpl_tables& decision() noexcept { return front_.decision; }
  EngineIngressTables& front() noexcept { return front_; }
  arpl_limits& limits() noexcept { return limits_; }
  std::span<arpl_slot> slots() const noexcept { return slots_.all(); }
  std::span<arpl_endpoint_stats> stats() const noexcept { return stats_.all(); }
  std::span<arpl_index_bucket> index() const noexcept { return index_.all(); }
  std::span<std::uint64_t> filter() const noexcept {
    return {reinterpret_cast<std::uint64_t*>(filter_.all().data()), filter_.all().size()};
  }
  __u64& lease() noexcept { return lease_; }
  OwnMacTable& macs() noexcept { return macs_; }

  bool put(const arpl_endpoint_key& key, const arpl_endpoint& value) override {
    endpoints_[key] = value;
    return true;
  }
  void erase(const arpl_endpoint_key& key) override { endpoints_.erase(key); }
  std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> all() override {
    return {endpoints_.begin(), endpoints_.end()};
  }

 private:
  __u64 lease_ = 0;
  arpl_limits limits_{};
  OwnMacTable macs_;
  EndpointHash endpoints_;
  Zeroed<arpl_slot> slots_{kSlots};
  Zeroed<arpl_endpoint_stats> stats_{kSlots};
  Zeroed<arpl_index_bucket> index_{ARPL_INDEX_BUCKETS};
  Zeroed<__u64> filter_{ARPL_FILTER_WORDS};
  Zeroed<arpl_pair_set> pairs_{ARPL_PAIR_SETS};
  Zeroed<__u64> heard_{ARPL_HEARD_ENTRIES};
  Zeroed<__u64> buckets_{ARPL_BUCKETS};
  Zeroed<arpl_credit> credit_{1};
  EngineIngressTables front_;
};

}  // namespace arpline::sim
