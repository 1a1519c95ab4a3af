// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "endpoints/index.hpp"
#include "endpoints/own_macs.hpp"
#include "endpoints/table.hpp"
#include "endpoints/tables.hpp"

namespace arpline {

/// Zeroes that begin with a cache line, as a BPF map's memory does. Only what is used costs memory.
template <class T>
class Zeroed {
 public:
  /// Throws std::bad_alloc.
  explicit Zeroed(std::size_t count) : memory_(std::calloc(1, count * sizeof(T) + kAlign)), count_(count) {
    void* begin = memory_.get();
    auto bytes = count * sizeof(T) + kAlign;
    if (begin == nullptr || std::align(kAlign, count * sizeof(T), begin, bytes) == nullptr)
      throw std::bad_alloc();
    begin_ = static_cast<T*>(begin);
  }
  std::span<T> all() const noexcept { return {begin_, count_}; }

 private:
  static constexpr std::size_t kAlign = 128;  // a line and its prefetched neighbour
  struct Free {
    void operator()(void* memory) const noexcept { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
  T* begin_ = nullptr;
  std::size_t count_;
};

/// A parent's tables in memory: what the maps are to the programs, for who decides without a kernel below.
class MemoryTables final : public EndpointMap, public SenderMap {
 public:
  /// Room for `slots` endpoints; nothing is served until `lease` and `limits` say so. Throws std::bad_alloc.
  explicit MemoryTables(const arpl_hash_keys& keys, std::size_t slots = ARPL_MAX_ENDPOINTS)
      : slots_(slots), stats_(slots) {
    tables_.lease = &lease;
    tables_.limits = &limits;
    tables_.macs = &macs;
    tables_.endpoints = &endpoints;
    tables_.slots = slots_.all();
    tables_.stats = stats_.all();
    tables_.index = index_.all();
    tables_.filter = filter_.all();
    tables_.pairs = pairs_.all();
    tables_.heard = heard_.all();
    tables_.buckets = buckets_.all();
    tables_.keys = keys;
    tables_.credit = credit_.all();
    tables_.verdicts = &verdicts;
    tables_.egress = &egress;
    tables_.events = &events;
  }
  MemoryTables(const MemoryTables&) = delete;
  MemoryTables& operator=(const MemoryTables&) = delete;

  /// For arpl_handle_received() and arpl_handle_sent(); `sockets` is the caller's to set.
  arpl_tables& tables() noexcept { return tables_; }
  const arpl_tables& tables() const noexcept { return tables_; }
  std::span<arpl_index_set> index_sets() const noexcept { return index_.all(); }
  std::span<std::uint64_t> filter_words() const noexcept {
    return {reinterpret_cast<std::uint64_t*>(filter_.all().data()), filter_.all().size()};
  }
  /// To publish endpoints with.
  Index index() const noexcept { return {index_sets(), filter_words(), tables_.keys.factor}; }

  bool put(const arpl_endpoint_key& key, const arpl_endpoint& value) override {
    endpoints[key] = value;
    return true;
  }
  void erase(const arpl_endpoint_key& key) override { endpoints.erase(key); }
  std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> all() override {
    return {endpoints.begin(), endpoints.end()};
  }
  bool put_sender(Mac mac, const arpl_sender& known) override {
    auto& sender = macs[mac];
    sender.host = known.host;
    sender.shared = known.shared;
    sender.netns = known.netns;
    return true;
  }
  void erase_sender(Mac mac) override { macs.erase(mac); }
  std::vector<std::pair<Mac, arpl_sender>> senders() override { return {macs.begin(), macs.end()}; }

  __u64 lease = 0;  ///< when it expires
  arpl_limits limits{};
  OwnMacTable macs;
  EndpointHash endpoints;
  arpl_verdict_counts verdicts{};
  arpl_egress_stats egress{};
  EventRing events;

 private:
  Zeroed<arpl_slot> slots_;
  Zeroed<arpl_endpoint_stats> stats_;
  Zeroed<arpl_index_set> index_{ARPL_INDEX_SETS};
  Zeroed<__u64> filter_{ARPL_FILTER_WORDS};
  Zeroed<arpl_pair_set> pairs_{ARPL_PAIR_SETS};
  Zeroed<__u64> heard_{ARPL_HEARD_ENTRIES};
  Zeroed<__u64> buckets_{ARPL_BUCKETS};
  Zeroed<arpl_credit> credit_{ARPL_MAX_QUEUES};
  arpl_tables tables_;
};

}  // namespace arpline
