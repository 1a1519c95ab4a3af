/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The filter in front of the tables: enum arpl_filter_part. */
#ifndef ARPLINE_SHARED_FILTER_H
#define ARPLINE_SHARED_FILTER_H

#include "lookups.h"
#include "place.h"

/* 0: what has this bit is not in the table behind it. */
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

/* Into both parts of what comes and goes by itself. */
ARPL_INLINE void arpl_filter_mark_both(struct arpl_tables *t, __u32 part, __u64 hash)
{
	arpl_filter_mark(t, arpl_hash_bit(part, hash));
	arpl_filter_mark(t, arpl_hash_bit(part + 1, hash));
}

#endif
