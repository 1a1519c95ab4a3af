/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps, shared by both programs, and the BPF side of decide.h's look-ups. docs/maps.md describes each. */
#ifndef ARPLINE_MAPS_BPF_H
#define ARPLINE_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "shared/abi.h"
#include "shared/decide.h"
#include "shared/hash.h"
#include "shared/verdicts.h"

/* __weak: the linker keeps one of the two programs' copies. */
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

/* enum arpl_filter_part */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_FILTER_WORDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} filter SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_INDEX_BUCKETS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct arpl_index_bucket);
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
	__type(value, __u64); /* when the lease expires */
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
	__uint(max_entries, ARPL_EVENTS_BYTES); /* of struct arpl_event */
} events SEC(".maps") __weak;

/* Drawn once with the maps and set before load: constants to the verifier. */
const volatile struct arpl_hash_keys arpl_keys __weak = {};

struct arpl_tables {
	__u8 none;
};

/* A CPU's own. */
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
 * CLOCK_MONOTONIC, read once in a tick (1 to 10 ms): between two ticks it stands still. Reading it costs as much as a third
 * of all that is done for a frame; the jiffies are a load.
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

/* The compiler must not see what they are before load, and may load them in any order. */
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

ARPL_INLINE struct arpl_sender *arpl_sender_at(__u64 mac)
{
	if (!arpl_filter_may(0, arpl_mac_bit(arpl_hash_keys_now(0)->factor, mac)))
		return 0;
	return bpf_map_lookup_elem(&macs, &mac);
}

ARPL_INLINE const struct arpl_sender *arpl_sender_find(struct arpl_tables *t, __u64 mac)
{
	return arpl_sender_at(mac);
}

ARPL_INLINE const struct arpl_index_bucket *arpl_index_at(struct arpl_tables *t, __u32 bucket)
{
	return bpf_map_lookup_elem(&endpoint_index, &bucket);
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

ARPL_INLINE int arpl_ring_admit(struct arpl_tables *t, const struct arpl_limits *limits_now, __u32 queue)
{
	struct arpl_credit *c;

	if (limits_now->flags & ARPL_LIMIT_OBSERVE)
		return 1; /* observe has no sockets: count what would have been asked of them */
	if (!bpf_map_lookup_elem(&xsks_map, &queue))
		return 0;
	c = bpf_map_lookup_elem(&credit, &queue);
	if (!c || !arpl_credit_left(c, limits_now->credit_window))
		return 0;
	__sync_fetch_and_add(&c->sent, 1);
	return 1;
}

ARPL_INLINE void arpl_submit(const struct arpl_arp *arp, __u16 type, __u64 now)
{
	struct arpl_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return;
	event->time_ns = now;
	event->mac = arp->sender_mac;
	event->address = arp->sender_ip;
	event->vlan = arp->vlan;
	event->type = type;
	bpf_ringbuf_submit(event, 0);
}

/* An event for the control loop, within the budget of its kind. */
ARPL_INLINE void arpl_report(const struct arpl_arp *arp, __u16 type, __u64 now)
{
	if (arpl_event_token(0, type, arp->eth_src, now))
		arpl_submit(arp, type, now);
}

/* Within a budget of its own: machines behind a bridge may be talking all the time. */
ARPL_INLINE void arpl_report_stranger(const struct arpl_arp *arp, __u64 now)
{
	const struct arpl_budget once = {.interval_ns = ARPL_STRANGER_NS, .burst_ns = ARPL_STRANGER_NS};

	if (!arpl_sender_find(0, arp->sender_mac) && arpl_bucket_take_at(0, ARPL_BUCKET_STRANGERS, now, &once))
		arpl_submit(arp, ARPL_EVENT_STRANGER, now);
}

/* A claim that has not left the host: counted, nothing else. */
ARPL_INLINE void arpl_count_claim(__u32 index, const struct arpl_arp *arp)
{
	struct arpl_endpoint_stats *stats = bpf_map_lookup_elem(&endpoint_stats, &index);

	if (!stats)
		return;
	stats->last_claimant_mac = arp->sender_mac;
	__sync_fetch_and_add(&stats->claims, 1);
}

/* A claim: the address is contested from now on, it is counted, reported. */
ARPL_INLINE void arpl_claim(__u32 index, const struct arpl_arp *arp, __u16 type, __u64 now)
{
	struct arpl_slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct arpl_endpoint_stats *stats = bpf_map_lookup_elem(&endpoint_stats, &index);

	if (!slot || !stats)
		return;
	arpl_note_claim(slot, stats, arp->sender_mac, now);
	arpl_report(arp, type, now);
}

#endif
