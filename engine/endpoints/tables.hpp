// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>

#include "base/net.hpp"
#include "base/shared_word.hpp"
#include "base/spsc.hpp"
#include "shared/egress.h"

namespace arpline {

struct EndpointKeyHash {
  std::size_t operator()(const arpl_endpoint_key& key) const noexcept {
    // Addresses of one subnet differ in few bits: multiplied (2^64 / golden ratio), they differ in the high
    // ones.
    const std::uint64_t mixed =
        (std::uint64_t{key.vlan} << 32U | key.address) * std::uint64_t{0x9e3779b97f4a7c15U};
    return static_cast<std::size_t>(mixed ^ (mixed >> 32U));
  }
};

struct EndpointKeyEqual {
  bool operator()(const arpl_endpoint_key& a, const arpl_endpoint_key& b) const noexcept {
    return a.address == b.address && a.vlan == b.vlan;
  }
};

using EndpointHash = std::unordered_map<arpl_endpoint_key, arpl_endpoint, EndpointKeyHash, EndpointKeyEqual>;
/// The own MACs and what is known of each; the counters are egress's.
using OwnMacTable = std::unordered_map<Mac, arpl_sender>;
/// From who decides to control; a full ring loses events.
using EventRing = Spsc<arpl_event, 256>;

}  // namespace arpline

/// The C++ side of shared/lookups.h: what the maps are to the programs. The caller owns everything; whatever is
/// not set is an empty table. `#include "endpoints/tables.hpp"` gives a working arpl_handle_received() and
/// arpl_handle_sent().
struct arpl_tables {
  const __u64* lease = nullptr;  ///< when it expires
  const arpl_limits* limits = nullptr;
  arpline::OwnMacTable* macs = nullptr;              ///< read anew for each frame, as the next one
  const arpline::EndpointHash* endpoints = nullptr;  ///< needed only for what the index has no room for
  std::span<arpl_slot> slots;
  std::span<arpl_endpoint_stats> stats;   ///< as many, or none: nothing is counted, no budget for the ring
  std::span<const arpl_index_set> index;  ///< ARPL_INDEX_SETS of them
  std::span<__u64> filter;                ///< ARPL_FILTER_WORDS, or none: anything may be anywhere
  std::span<arpl_pair_set> pairs;         ///< ARPL_PAIR_SETS of them
  std::span<__u64> heard;                 ///< ARPL_HEARD_ENTRIES words
  std::span<__u64> buckets;               ///< ARPL_BUCKETS words
  arpl_hash_keys keys{};
  std::span<arpl_credit> credit;            ///< one per queue
  __u64 sockets = 0;                        ///< bit q: queue q has a reader for its ring
  arpl_verdict_counts* verdicts = nullptr;  ///< of the thread that decides; read with load_shared()
  arpl_egress_stats* egress = nullptr;      ///< needed by arpl_handle_sent()
  arpline::EventRing* events = nullptr;
};

static_assert(ARPL_MAX_QUEUES <= 64, "a bit per queue");

ARPL_INLINE __u64 arpl_lease_expires(arpl_tables* t) {
  return t->lease != nullptr ? arpline::relaxed_load(*t->lease) : 0;
}

ARPL_INLINE const arpl_limits* arpl_limits_now(arpl_tables* t) {
  return t->limits;
}

ARPL_INLINE const arpl_index_set* arpl_index_at(arpl_tables* t, __u32 set) {
  return set < t->index.size() ? &t->index[set] : nullptr;
}

ARPL_INLINE __u64* arpl_filter_at(arpl_tables* t, __u32 word) {
  return word < t->filter.size() ? &t->filter[word] : nullptr;
}

ARPL_INLINE const arpl_endpoint* arpl_endpoint_find(arpl_tables* t, const arpl_endpoint_key* key) {
  const auto* endpoints = arpline::load_shared(t->endpoints);
  if (endpoints == nullptr) return nullptr;
  const auto found = endpoints->find(*key);
  return found != endpoints->end() ? &found->second : nullptr;
}

ARPL_INLINE arpl_slot* arpl_slot_at(arpl_tables* t, __u32 slot) {
  return slot < t->slots.size() ? &t->slots[slot] : nullptr;
}

ARPL_INLINE arpl_pair_set* arpl_pairs_at(arpl_tables* t, __u32 set) {
  return set < t->pairs.size() ? &t->pairs[set] : nullptr;
}

ARPL_INLINE __u64* arpl_bucket_at(arpl_tables* t, __u32 index) {
  return index < t->buckets.size() ? &t->buckets[index] : nullptr;
}

ARPL_INLINE __u64* arpl_heard_at(arpl_tables* t, __u32 index) {
  return index < t->heard.size() ? &t->heard[index] : nullptr;
}

ARPL_INLINE const arpl_hash_keys* arpl_hash_keys_now(arpl_tables* t) {
  return &t->keys;
}

ARPL_INLINE arpl_endpoint_stats* arpl_stats_at(arpl_tables* t, __u32 slot) {
  return slot < t->stats.size() ? &t->stats[slot] : nullptr;
}

ARPL_INLINE arpl_sender* arpl_sender_find(arpl_tables* t, __u64 mac) {
  if (arpl_filter_may(t, arpl_mac_bit(t->keys.factor, mac)) == 0) return nullptr;
  auto* macs = arpline::load_shared(t->macs);
  if (macs == nullptr) return nullptr;
  const auto found = macs->find(mac);
  return found != macs->end() ? &found->second : nullptr;
}

ARPL_INLINE arpl_credit* arpl_credit_at(arpl_tables* t, __u32 queue) {
  if (queue >= t->credit.size() || queue >= ARPL_MAX_QUEUES || (t->sockets >> queue & 1U) == 0) return nullptr;
  return &t->credit[queue];
}

ARPL_INLINE arpl_verdict_counts* arpl_verdicts_now(arpl_tables* t) {
  return t->verdicts;
}

ARPL_INLINE arpl_egress_stats* arpl_egress_stats_now(arpl_tables* t) {
  return t->egress;
}

ARPL_INLINE void arpl_send_event(arpl_tables* t, const arpl_event* event) {
  if (t->events != nullptr) t->events->push(*event);
}

// The caller's clock stands still for nobody.
ARPL_INLINE __u64 arpl_exact_time(arpl_tables* /*t*/, __u64 now) {
  return now;
}

// There is no ring here: whoever answers looks at the decision itself.
ARPL_INLINE int arpl_put_meta(arpl_tables* /*t*/, void* /*frame*/, const arpl_ring_meta* /*meta*/) {
  return 1;
}
