/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of both programs, and lookups.h for BPF. docs/maps.md describes each map. */
#ifndef ARPLINE_MAPS_BPF_H
#define ARPLINE_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "shared/abi.h"
#include "shared/decide.h"
#include "shared/hash.h"
#include "shared/verdicts.h"

/* __weak because both programs define the maps: the linker keeps one copy. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arpl_meta);
} meta SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ARPL_MAX_ENDPOINTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct arpl_endpoint_key);
	__type(value, struct arpl_endpoint);
} endpoints SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_MAX_ENDPOINTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct arpl_slot);
} slots SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_MAX_ENDPOINTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct arpl_endpoint_stats);
} endpoint_stats SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ARPL_MAX_MACS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64); /* MAC word */
	__type(value, struct arpl_sender);
} macs SEC(".maps") __weak;

/* The parts are enum arpl_filter_part. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_FILTER_WORDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} filter SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_INDEX_SETS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct arpl_index_set);
} endpoint_index SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_PAIR_SETS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct arpl_pair_set);
} pairs SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_HEARD_ENTRIES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} heard SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_BUCKETS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} buckets SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arpl_verdict_counts);
} verdicts SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arpl_other_counts);
} other_verdicts SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ARPL_MAX_STORM_LIMITS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct arpl_storm_key);
	__type(value, struct arpl_storm_limit);
} storm SEC(".maps") __weak;

/* The multicast groups that the parent has joined, for itself and for its children. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ARPL_MAX_GROUPS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64); /* MAC word */
	__type(value, __u32);
} groups SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_MAX_WORKERS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct arpl_engine_counts);
} engine_verdicts SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arpl_egress_stats);
} egress_stats SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct arpl_limits);
} limits SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64); /* time at which the lease expires */
} lease SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_MAX_QUEUES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct arpl_credit);
} credit SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, ARPL_MAX_QUEUES);
	__type(key, __u32);
	__type(value, __u32);
} xsks_map SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ARPL_EVENTS_BYTES); /* records are struct arpl_event */
} events SEC(".maps") __weak;

/* Random keys, set before load, so that the verifier sees constants. */
const volatile struct arpl_hash_keys arpl_keys __weak = {};

struct arpl_tables {
	__u8 none;
};

/* Each CPU has one. */
struct arpl_clock {
	__u64 jiffies;
	__u64 now;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arpl_clock);
} clock SEC(".maps") __weak;

/*
 * CLOCK_MONOTONIC, read once in a tick (1 to 10 ms): between two ticks it stands still. Reading the clock for
 * each frame would cost a third of all work on a frame; the jiffies are one load.
 */
ARPL_INLINE __u64 arpl_now(void)
{
	__u32 zero = 0;
	__u64 jiffies = bpf_jiffies64();
	struct arpl_clock *c = bpf_map_lookup_elem(&clock, &zero);

	if (!c)
		return bpf_ktime_get_ns();
	if (c->jiffies != jiffies) {
		c->now = bpf_ktime_get_ns();
		c->jiffies = jiffies;
	}
	return c->now;
}

ARPL_INLINE __u64 arpl_lease_expires(struct arpl_tables *t)
{
	__u32 zero = 0;
	__u64 *expires = bpf_map_lookup_elem(&lease, &zero);

	return expires ? *(volatile __u64 *)expires : 0;
}

ARPL_INLINE const struct arpl_limits *arpl_limits_now(struct arpl_tables *t)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&limits, &zero);
}

/*
 * Hides the keys' value from the compiler, which knows the zeroes they have before load, and lets it load them
 * in any order.
 */
ARPL_INLINE const struct arpl_hash_keys *arpl_hash_keys_now(struct arpl_tables *t)
{
	const struct arpl_hash_keys *keys = (const struct arpl_hash_keys *)&arpl_keys;

	asm("" : "+r"(keys));
	return keys;
}

ARPL_INLINE __u64 *arpl_filter_at(struct arpl_tables *t, __u32 word)
{
	return bpf_map_lookup_elem(&filter, &word);
}

ARPL_INLINE struct arpl_sender *arpl_sender_find(struct arpl_tables *t, __u64 mac)
{
	if (!arpl_filter_may(t, arpl_mac_bit(arpl_hash_keys_now(t)->factor, mac)))
		return 0;
	return bpf_map_lookup_elem(&macs, &mac);
}

ARPL_INLINE const struct arpl_index_set *arpl_index_at(struct arpl_tables *t, __u32 set)
{
	return bpf_map_lookup_elem(&endpoint_index, &set);
}

ARPL_INLINE const struct arpl_endpoint *arpl_endpoint_find(struct arpl_tables *t,
							   const struct arpl_endpoint_key *key)
{
	return bpf_map_lookup_elem(&endpoints, key);
}

ARPL_INLINE struct arpl_slot *arpl_slot_at(struct arpl_tables *t, __u32 slot)
{
	return bpf_map_lookup_elem(&slots, &slot);
}

ARPL_INLINE struct arpl_pair_set *arpl_pairs_at(struct arpl_tables *t, __u32 set)
{
	return bpf_map_lookup_elem(&pairs, &set);
}

ARPL_INLINE __u64 *arpl_bucket_at(struct arpl_tables *t, __u32 index)
{
	return bpf_map_lookup_elem(&buckets, &index);
}

ARPL_INLINE __u64 *arpl_heard_at(struct arpl_tables *t, __u32 index)
{
	return bpf_map_lookup_elem(&heard, &index);
}

ARPL_INLINE struct arpl_endpoint_stats *arpl_stats_at(struct arpl_tables *t, __u32 slot)
{
	return bpf_map_lookup_elem(&endpoint_stats, &slot);
}

/* A queue without a socket has no reader. */
ARPL_INLINE struct arpl_credit *arpl_credit_at(struct arpl_tables *t, __u32 queue)
{
	return bpf_map_lookup_elem(&xsks_map, &queue) ? bpf_map_lookup_elem(&credit, &queue) : 0;
}

ARPL_INLINE struct arpl_verdict_counts *arpl_verdicts_now(struct arpl_tables *t)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&verdicts, &zero);
}

ARPL_INLINE struct arpl_egress_stats *arpl_egress_stats_now(struct arpl_tables *t)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&egress_stats, &zero);
}

ARPL_INLINE void arpl_send_event(struct arpl_tables *t, const struct arpl_event *event)
{
	bpf_ringbuf_output(&events, (void *)event, sizeof(*event), 0);
}

ARPL_INLINE __u64 arpl_exact_time(struct arpl_tables *t, __u64 now)
{
	return bpf_ktime_get_ns();
}

/*
 * Called by the ingress program only, whose context is `frame`. The driver may have no room in front of the
 * frame.
 */
ARPL_INLINE int arpl_put_meta(struct arpl_tables *t, void *frame, const struct arpl_ring_meta *meta)
{
	struct xdp_md *ctx = frame;
	struct arpl_ring_meta *ring_meta;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*ring_meta)))
		return 0;
	ring_meta = (struct arpl_ring_meta *)(long)ctx->data_meta;
	if ((void *)(ring_meta + 1) > (void *)(long)ctx->data)
		return 0;
	ring_meta->slot = meta->slot;
	ring_meta->generation = meta->generation;
	ring_meta->time_ns = meta->time_ns;
	return 1;
}

#endif
