/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the decision looks up. Its includer defines struct arpl_tables and these functions: in BPF the tables are the
 * maps and the struct is empty (bpf/maps.bpf.h), in C++ they are memory (engine/endpoints/tables.hpp).
 */
#ifndef ARPLINE_SHARED_LOOKUPS_H
#define ARPLINE_SHARED_LOOKUPS_H

#include <linux/types.h>

#include "abi.h"
#include "hash.h"
#include "verdicts.h"

#define ARPL_NO_SLOT 0xffffffffU

/* A word that another thread writes. clang 14 has no atomic load for BPF. */
#ifdef __bpf__
#define ARPL_READ(p) (*(const volatile __typeof__(*(p)) *)(p))
#else
#define ARPL_READ(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#endif

/* A word that other threads read. */
#ifdef __bpf__
#define ARPL_WRITE(p, v) (*(volatile __typeof__(*(p)) *)(p) = (v))
#else
#define ARPL_WRITE(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#endif

struct arpl_tables;

/* Each of them NULL or 0 when there is nothing. */
ARPL_INLINE __u64 arpl_lease_expires(struct arpl_tables *t);
ARPL_INLINE const struct arpl_limits *arpl_limits_now(struct arpl_tables *t);
/* What is known of an own MAC; NULL: it is none. */
ARPL_INLINE struct arpl_sender *arpl_sender_find(struct arpl_tables *t, __u64 mac);
ARPL_INLINE const struct arpl_index_bucket *arpl_index_at(struct arpl_tables *t, __u32 bucket);
/* A word of the filter; NULL where there is none: then anything may be in the tables behind it. */
ARPL_INLINE __u64 *arpl_filter_at(struct arpl_tables *t, __u32 word);
/* Of the hash `endpoints`; asked only for what the index has no room for. */
ARPL_INLINE const struct arpl_endpoint *arpl_endpoint_find(struct arpl_tables *t,
							   const struct arpl_endpoint_key *key);
ARPL_INLINE struct arpl_slot *arpl_slot_at(struct arpl_tables *t, __u32 slot);
ARPL_INLINE struct arpl_pair_set *arpl_pairs_at(struct arpl_tables *t, __u32 set);
ARPL_INLINE __u64 *arpl_bucket_at(struct arpl_tables *t, __u32 index);
ARPL_INLINE __u64 *arpl_heard_at(struct arpl_tables *t, __u32 index);
ARPL_INLINE const struct arpl_hash_keys *arpl_hash_keys_now(struct arpl_tables *t);
ARPL_INLINE struct arpl_endpoint_stats *arpl_stats_at(struct arpl_tables *t, __u32 slot);
/* The credit of this queue's ring; NULL where nobody reads it. */
ARPL_INLINE struct arpl_credit *arpl_credit_at(struct arpl_tables *t, __u32 queue);

/* What act.h and egress.h write to beside. This CPU's or this thread's own counters: */
ARPL_INLINE struct arpl_verdict_counts *arpl_verdicts_now(struct arpl_tables *t);
ARPL_INLINE struct arpl_egress_stats *arpl_egress_stats_now(struct arpl_tables *t);
/* To control; lost where control does not keep up. */
ARPL_INLINE void arpl_send_event(struct arpl_tables *t, const struct arpl_event *event);
/* The time to the nanosecond, where `now` is that of the last tick. */
ARPL_INLINE __u64 arpl_exact_time(struct arpl_tables *t, __u64 now);
/* Puts `meta` in front of a frame on its way to the ring; 0 when there is no room. `frame` is the caller's. */
ARPL_INLINE int arpl_put_meta(struct arpl_tables *t, void *frame, const struct arpl_ring_meta *meta);

#endif
