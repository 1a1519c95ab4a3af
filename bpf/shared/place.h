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

/* The bits of a MAC and of an endpoint in `filter`: one that is not set says that there is no such MAC or endpoint. */
ARPL_INLINE __u32 arpl_mac_bit(__u64 factor, __u64 mac)
{
	return (__u32)((mac * factor) >> (64 - ARPL_FILTER_BITS));
}

ARPL_INLINE __u32 arpl_endpoint_bit(__u64 factor, __be32 address, __u16 vlan)
{
	return (1U << ARPL_FILTER_BITS) + arpl_mac_bit(factor, address | (__u64)vlan << 32);
}

#endif
