/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The look-ups of the decision. The includer defines struct arpl_tables and these functions. In BPF the tables
 * are the maps and the struct is empty (bpf/maps.bpf.h); in C++ they are memory (engine/endpoints/tables.hpp).
 */
#ifndef ARPLINE_SHARED_LOOKUPS_H
#define ARPLINE_SHARED_LOOKUPS_H

#include <linux/types.h>

#include "abi.h"
#include "hash.h"
#include "verdicts.h"

#define ARPL_NO_SLOT 0xffffffffU
#define ARPL_LOOK_UP 0xfffffffeU /* not looked up yet; no slot's number either */

/* Reads a word that another thread writes. clang 14 has no atomic load for BPF. */
#ifdef __bpf__
#define ARPL_READ(p) (*(const volatile __typeof__(*(p)) *)(p))
#else
#define ARPL_READ(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#endif

/* Writes a word that other threads read. */
#ifdef __bpf__
#define ARPL_WRITE(p, v) (*(volatile __typeof__(*(p)) *)(p) = (v))
#else
#define ARPL_WRITE(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#endif

struct arpl_tables;

/* Each function returns NULL or 0 when there is no entry. */
ARPL_INLINE __u64 arpl_lease_expires(struct arpl_tables *t);
ARPL_INLINE const struct arpl_limits *arpl_limits_now(struct arpl_tables *t);
/* The entry of an own MAC; NULL for any other MAC. */
ARPL_INLINE struct arpl_sender *arpl_sender_find(struct arpl_tables *t, __u64 mac);
ARPL_INLINE const struct arpl_index_set *arpl_index_at(struct arpl_tables *t, __u32 set);
/* A word of the filter. NULL when there is no filter: then the tables behind it may hold any entry. */
ARPL_INLINE __u64 *arpl_filter_at(struct arpl_tables *t, __u32 word);
/* From the hash `endpoints`; called only for endpoints that the index has no room for. */
ARPL_INLINE const struct arpl_endpoint *arpl_endpoint_find(struct arpl_tables *t,
							   const struct arpl_endpoint_key *key);
ARPL_INLINE struct arpl_slot *arpl_slot_at(struct arpl_tables *t, __u32 slot);
ARPL_INLINE struct arpl_pair_set *arpl_pairs_at(struct arpl_tables *t, __u32 set);
ARPL_INLINE __u64 *arpl_bucket_at(struct arpl_tables *t, __u32 index);
ARPL_INLINE __u64 *arpl_heard_at(struct arpl_tables *t, __u32 index);
ARPL_INLINE const struct arpl_hash_keys *arpl_hash_keys_now(struct arpl_tables *t);
ARPL_INLINE struct arpl_endpoint_stats *arpl_stats_at(struct arpl_tables *t, __u32 slot);
/* The credit of this queue's ring; NULL when the ring has no reader. */
ARPL_INLINE struct arpl_credit *arpl_credit_at(struct arpl_tables *t, __u32 queue);

/* For act.h and egress.h. The first two return this CPU's or this thread's own counters. */
ARPL_INLINE struct arpl_verdict_counts *arpl_verdicts_now(struct arpl_tables *t);
ARPL_INLINE struct arpl_egress_stats *arpl_egress_stats_now(struct arpl_tables *t);
/* Sends an event to control; the event is lost when control does not keep up. */
ARPL_INLINE void arpl_send_event(struct arpl_tables *t, const struct arpl_event *event);
/* The exact time; `now` is the time of the last tick. */
ARPL_INLINE __u64 arpl_exact_time(struct arpl_tables *t, __u64 now);
/*
 * Writes `meta` in front of a frame on its way to the ring; returns 0 when there is no room. `frame` is the
 * caller's.
 */
ARPL_INLINE int arpl_put_meta(struct arpl_tables *t, void *frame, const struct arpl_ring_meta *meta);

/* The filter in front of the tables: enum arpl_filter_part. */

/* Returns 0 when no entry with this bit is in the table behind the filter. */
ARPL_INLINE int arpl_filter_may(struct arpl_tables *t, __u32 bit)
{
	__u64 *word = arpl_filter_at(t, bit / 64);

	return !word || (*(volatile __u64 *)word >> (bit % 64) & 1);
}

ARPL_INLINE void arpl_filter_mark(struct arpl_tables *t, __u32 bit)
{
	__u64 *word = arpl_filter_at(t, bit / 64);

	if (word && !(*(volatile __u64 *)word >> (bit % 64) & 1))
		__sync_fetch_and_or(word, 1ULL << (bit % 64));
}

/* Marks a bit in both parts of a table whose entries expire. */
ARPL_INLINE void arpl_filter_mark_both(struct arpl_tables *t, __u32 part, __u64 hash)
{
	arpl_filter_mark(t, arpl_hash_bit(part, hash));
	arpl_filter_mark(t, arpl_hash_bit(part + 1, hash));
}

/*
 * The index maps (vlan, address) to a slot at the cost of one multiplication and one cache line, however many
 * endpoints there are. A set has eight cells of one 64-bit word. Endpoints that a full set has no room for are
 * in the hash `endpoints` only, and a flag of the set says so.
 */

/*
 * Returns the set's cell for `wanted`, or 0 and the set's last cell in `last`. In C++ only the first compare is
 * a branch: with random look-ups among many endpoints, the CPU would mispredict the others.
 */
ARPL_INLINE __u64 arpl_set_cell(const struct arpl_index_set *set, __u64 wanted, __u64 *last)
{
	__u64 cell = *(const volatile __u64 *)&set->cells[0];
	__u64 found = 0;

	if ((cell & ARPL_CELL_KEY_MASK) == wanted)
		return cell;
#ifdef __bpf__
#pragma unroll
#endif
	for (__u32 i = 1; i < ARPL_INDEX_CELLS; i++) {
		cell = *(const volatile __u64 *)&set->cells[i];
#ifdef __bpf__
		if ((cell & ARPL_CELL_KEY_MASK) == wanted)
			return cell;
#else
		found |= (cell & ARPL_CELL_KEY_MASK) == wanted ? cell : 0;
#endif
	}
	*last = cell;
	return found;
}

/*
 * Returns the endpoint's slot, ARPL_NO_SLOT when the address is no endpoint's, ARPL_LOOK_UP when the set is
 * full and the hash has to be asked.
 */
ARPL_INLINE __u32 arpl_index_ask(struct arpl_tables *t, __be32 address, __u16 vlan)
{
	__u64 wanted = arpl_index_cell(address, vlan);
	const struct arpl_index_set *set =
		arpl_index_at(t, arpl_index_set_of(arpl_hash_keys_now(t)->factor, wanted));
	__u64 cell;
	__u64 last;

	if (!set)
		return ARPL_NO_SLOT;
	cell = arpl_set_cell(set, wanted, &last);
	if (cell)
		return arpl_cell_slot(cell);
	return last & ARPL_CELL_OVERFLOW ? ARPL_LOOK_UP : ARPL_NO_SLOT;
}

/* Returns the endpoint's slot, ARPL_NO_SLOT when the address is no endpoint's. */
ARPL_INLINE __u32 arpl_index_find(struct arpl_tables *t, __be32 address, __u16 vlan)
{
	struct arpl_endpoint_key key = {.address = address, .vlan = vlan, .zero = 0};
	const struct arpl_endpoint *endpoint;
	__u32 slot = arpl_index_ask(t, address, vlan);

	if (slot != ARPL_LOOK_UP)
		return slot;
	endpoint = arpl_endpoint_find(t, &key);
	return endpoint ? endpoint->slot : ARPL_NO_SLOT;
}

/*
 * As arpl_index_find(), for callers whose addresses are mostly no endpoint's: the filter rejects these, and
 * most of it is in the CPU's cache.
 */
ARPL_INLINE __u32 arpl_index_find_filtered(struct arpl_tables *t, __be32 address, __u16 vlan)
{
	if (!arpl_filter_may(t, arpl_endpoint_bit(arpl_hash_keys_now(t)->factor, address, vlan)))
		return ARPL_NO_SLOT;
	return arpl_index_find(t, address, vlan);
}

#endif
