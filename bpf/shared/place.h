/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where an endpoint stands in `endpoint_index`, and what has a bit in `filter`. Both tables are control's, not the wire's, so
 * the hash needs no more than a secret odd factor: multiply-shift (Dietzfelbinger and others, 1997).
 */
#ifndef ARPLINE_SHARED_PLACE_H
#define ARPLINE_SHARED_PLACE_H

#include "abi.h"

/* What a cell holds for this endpoint, without its slot. */
ARPL_INLINE __u64 arpl_index_cell(__be32 address, __u16 vlan)
{
	return address | (__u64)vlan << 32 | ARPL_CELL_USED;
}

ARPL_INLINE __u32 arpl_index_bucket_of(__u64 factor, __u64 cell)
{
	return (__u32)(((cell & ~ARPL_CELL_USED) * factor) >> (64 - ARPL_INDEX_BITS));
}

ARPL_INLINE __u32 arpl_cell_slot(__u64 cell)
{
	return (__u32)(cell >> ARPL_CELL_SLOT_SHIFT) & (ARPL_MAX_ENDPOINTS - 1);
}

/* A bit of `filter`. */
ARPL_INLINE __u32 arpl_filter_bit(__u32 part, __u32 place)
{
	return part * ARPL_FILTER_PART_WORDS * 64 + (place & (ARPL_FILTER_PART_WORDS * 64 - 1));
}

ARPL_INLINE __u32 arpl_mac_bit(__u64 factor, __u64 mac)
{
	return arpl_filter_bit(ARPL_FILTER_MACS, (__u32)((mac * factor) >> (64 - ARPL_FILTER_BITS)));
}

ARPL_INLINE __u32 arpl_endpoint_bit(__u64 factor, __be32 address, __u16 vlan)
{
	return arpl_filter_bit(ARPL_FILTER_ENDPOINTS,
			       (__u32)(((address | (__u64)vlan << 32) * factor) >> (64 - ARPL_FILTER_BITS)));
}

/* `hash`: of hash.h; its place is 32 bits, and the table behind the filter uses the low ones. */
ARPL_INLINE __u32 arpl_hash_bit(__u32 part, __u64 hash)
{
	return arpl_filter_bit(part, (__u32)hash >> (32 - ARPL_FILTER_BITS));
}

#endif
