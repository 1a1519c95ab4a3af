/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was heard of addresses that are no endpoint's. A place holds a word of each kind, in one cache line: what arrives
 * from the wire pushes out only what arrived from the wire.
 */
#ifndef ARPLINE_SHARED_HEARD_H
#define ARPLINE_SHARED_HEARD_H

#include "filter.h"
#include "hash.h"
#include "lookups.h"
#include "stamp.h"

ARPL_INLINE __u64 arpl_heard_hash(struct arpl_tables *t, __be32 address, __u16 vlan)
{
	return arpl_hash(arpl_hash_keys_now(t), ARPL_HASH_HEARD, 0, vlan, address, 0, 0);
}

ARPL_INLINE __u32 arpl_heard_place(enum arpl_heard kind, __u64 hash)
{
	return ((__u32)hash & (ARPL_HEARD_PLACES - 1)) * ARPL_HEARD_WORDS + (__u32)kind;
}

ARPL_INLINE void arpl_hear(struct arpl_tables *t, enum arpl_heard kind, __be32 address, __u16 vlan, __u64 now)
{
	__u64 hash = arpl_heard_hash(t, address, vlan);
	__u64 *place = arpl_heard_at(t, arpl_heard_place(kind, hash));

	if (place)
		*(volatile __u64 *)place = arpl_stamp_word(hash, now);
	arpl_filter_mark_both(t, ARPL_FILTER_HEARD, hash);
}

/* 0: nothing was heard of it, for sure. */
ARPL_INLINE int arpl_may_be_heard(struct arpl_tables *t, const struct arpl_limits *limits, __be32 address,
				  __u16 vlan)
{
	__u32 part = (__u32)ARPL_FILTER_HEARD + !!(limits->flags & ARPL_LIMIT_OTHER_HEARD);

	return arpl_filter_may(t, arpl_hash_bit(part, arpl_heard_hash(t, address, vlan)));
}

/* Whether it was heard within `most_ns`. */
ARPL_INLINE int arpl_was_heard(struct arpl_tables *t, enum arpl_heard kind, __be32 address, __u16 vlan,
			       __u64 now, __u64 most_ns)
{
	__u64 hash = arpl_heard_hash(t, address, vlan);
	__u64 *place = arpl_heard_at(t, arpl_heard_place(kind, hash));
	__u64 word = place ? *(volatile __u64 *)place : 0;

	return arpl_stamp_is(word, hash) && arpl_stamp_age_ns(word, now) < most_ns;
}

#endif
