/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tables of what was seen lately: fixed arrays, a place by keyed hash, in one 64-bit word fingerprint (32 bits), time
 * (31 bits) and a flag. A collision evicts. The time's grain is 134 ms, and it wraps after nine years.
 */
#ifndef ARPLINE_SHARED_STAMP_H
#define ARPLINE_SHARED_STAMP_H

#include "abi.h"

#define ARPL_STAMP_FLAG 1ULL
#define ARPL_STAMP_SHIFT 27
#define ARPL_STAMP_MASK 0x7fffffffULL

/* `hash`: its high half is the fingerprint; the low bits are free to be the place. */
ARPL_INLINE __u64 arpl_stamp_word(__u64 hash, __u64 now)
{
	return (hash & 0xffffffff00000000ULL) | ((now >> ARPL_STAMP_SHIFT) & ARPL_STAMP_MASK) << 1;
}

/* In nanoseconds, to a stamp's grain. A stamp of the future is another clock's, a moment ahead. */
ARPL_INLINE __u64 arpl_stamp_age_ns(__u64 word, __u64 now)
{
	__u64 age = ((now >> ARPL_STAMP_SHIFT) - (word >> 1)) & ARPL_STAMP_MASK;

	return age > ARPL_STAMP_MASK / 2 ? 0 : age << ARPL_STAMP_SHIFT;
}

ARPL_INLINE int arpl_stamp_is(__u64 word, __u64 hash)
{
	return word != 0 && (word >> 32) == (hash >> 32);
}

#endif
