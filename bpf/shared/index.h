/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From (vlan, address) to a slot: one multiplication and one cache line, whatever the number of endpoints. A bucket has
 * eight cells of one 64-bit word each; what finds no room in its bucket is in the hash `endpoints` only, and the bucket
 * says so.
 */
#ifndef ARPLINE_SHARED_INDEX_H
#define ARPLINE_SHARED_INDEX_H

#include "filter.h"
#include "hash.h"
#include "lookups.h"
#include "place.h"

/*
 * The bucket's cell for `wanted`, 0 where there is none, and its last one. In C++ without a jump beyond the first: where
 * many endpoints are asked at random, none is foreseen.
 */
ARPL_INLINE __u64 arpl_bucket_cell(const struct arpl_index_bucket *bucket, __u64 wanted, __u64 *last)
{
	__u64 cell = *(const volatile __u64 *)&bucket->cells[0];
	__u64 found = 0;

	if ((cell & ARPL_CELL_KEY_MASK) == wanted)
		return cell;
#ifdef __bpf__
#pragma unroll
#endif
	for (__u32 i = 1; i < ARPL_INDEX_CELLS; i++) {
		cell = *(const volatile __u64 *)&bucket->cells[i];
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

/* The endpoint's slot, ARPL_NO_SLOT when it is none. */
ARPL_INLINE __u32 arpl_index_find(struct arpl_tables *t, __be32 address, __u16 vlan)
{
	__u64 wanted = arpl_index_cell(address, vlan);
	const struct arpl_index_bucket *bucket =
		arpl_index_at(t, arpl_index_bucket_of(arpl_hash_keys_now(t)->factor, wanted));
	struct arpl_endpoint_key key = {.address = address, .vlan = vlan, .zero = 0};
	const struct arpl_endpoint *endpoint;
	__u64 cell;
	__u64 last;

	if (!bucket)
		return ARPL_NO_SLOT;
	cell = arpl_bucket_cell(bucket, wanted, &last);
	if (cell)
		return arpl_cell_slot(cell);
	if (!(last & ARPL_CELL_OVERFLOW))
		return ARPL_NO_SLOT;
	endpoint = arpl_endpoint_find(t, &key);
	return endpoint ? endpoint->slot : ARPL_NO_SLOT;
}

/* The same where most addresses are none: a small filter comes first, and most of it is in the CPU's cache. */
ARPL_INLINE __u32 arpl_index_find_filtered(struct arpl_tables *t, __be32 address, __u16 vlan)
{
	if (!arpl_filter_may(t, arpl_endpoint_bit(arpl_hash_keys_now(t)->factor, address, vlan)))
		return ARPL_NO_SLOT;
	return arpl_index_find(t, address, vlan);
}

#endif
