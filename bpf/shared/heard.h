/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was heard of addresses that are no endpoint's, each kind in its own part of the table `heard`: what arrives
 * from the wire can't push out what this host has said.
 */
#ifndef ARPLINE_SHARED_HEARD_H
#define ARPLINE_SHARED_HEARD_H

#include "hash.h"
#include "lookups.h"
#include "stamp.h"

/* `mac`: 0 where only the address counts. */
ARPL_INLINE __u64 arpl_heard_hash(struct arpl_tables *t, enum arpl_heard kind, __u64 mac, __be32 address,
				  __u16 vlan)
{
	return arpl_hash(arpl_hash_keys_now(t), (__u32)ARPL_HASH_HEARD + (__u32)kind, mac, vlan, address, 0, 0);
}

ARPL_INLINE __u64 *arpl_heard_place(struct arpl_tables *t, enum arpl_heard kind, __u64 hash)
{
	return arpl_heard_at(t, (__u32)kind * ARPL_HEARD_PLACES + ((__u32)hash & (ARPL_HEARD_PLACES - 1)));
}

ARPL_INLINE void arpl_hear(struct arpl_tables *t, enum arpl_heard kind, __u64 mac, __be32 address, __u16 vlan,
			   __u64 now)
{
	__u64 hash = arpl_heard_hash(t, kind, mac, address, vlan);
	__u64 *place = arpl_heard_place(t, kind, hash);

	if (place)
		*(volatile __u64 *)place = arpl_stamp_word(hash, now);
}

/* Whether it was heard within `most_ns`. */
ARPL_INLINE int arpl_was_heard(struct arpl_tables *t, enum arpl_heard kind, __u64 mac, __be32 address,
			       __u16 vlan, __u64 now, __u64 most_ns)
{
	__u64 hash = arpl_heard_hash(t, kind, mac, address, vlan);
	__u64 *place = arpl_heard_place(t, kind, hash);
	__u64 word = place ? *(volatile __u64 *)place : 0;

	return arpl_stamp_is(word, hash) && arpl_stamp_age_ns(word, now) < most_ns;
}

#endif
