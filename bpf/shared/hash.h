/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hash of what comes from the wire: multilinear over 32-bit words with secret 64-bit keys (Lemire and Kaser, "Strongly
 * universal string hashing is fast", 2014, section 2): who does not know the keys can't choose inputs that collide more
 * often than by chance. Two of them, a place and a fingerprint. A quarter of what SipHash-1-3 costs in BPF.
 */
#ifndef ARPLINE_SHARED_HASH_H
#define ARPLINE_SHARED_HASH_H

#include "siphash.h"

#define ARPL_HASH_KEYS 7U /* one to begin with, then one a word */

struct arpl_hash_keys {
	__u64 factor; /* odd: place.h */
	__u64 place[ARPL_HASH_KEYS];
	__u64 print[ARPL_HASH_KEYS];
};

/* What kind of thing is hashed: the same words mean something else in each table. */
enum arpl_hash_kind {
	ARPL_HASH_PAIR = 0,
	ARPL_HASH_HEARD = 0x100, /* + enum arpl_heard */
	ARPL_HASH_SHARE = 0x200, /* + enum arpl_source_share */
};

ARPL_INLINE __u64 arpl_multilinear(const __u64 *keys, __u64 mac_and_vlan, __u32 a, __u32 b, __u32 c, __u32 kind)
{
	return keys[0] + keys[1] * (__u32)mac_and_vlan + keys[2] * (__u32)(mac_and_vlan >> 32) + keys[3] * a +
	       keys[4] * b + keys[5] * c + keys[6] * kind;
}

/* The fingerprint in the high 32 bits, the place in the low ones. */
ARPL_INLINE __u64 arpl_hash(const struct arpl_hash_keys *keys, __u32 kind, __u64 mac, __u16 vlan, __u32 a,
			    __u32 b, __u32 c)
{
	__u64 mac_and_vlan = mac | (__u64)vlan << 48;
	__u64 print = arpl_multilinear(keys->print, mac_and_vlan, a, b, c, kind);

	return (print & 0xffffffff00000000ULL) |
	       arpl_multilinear(keys->place, mac_and_vlan, a, b, c, kind) >> 32;
}

/* All keys from the two words that are drawn once with the maps. */
ARPL_INLINE void arpl_derive_keys(__u64 key0, __u64 key1, struct arpl_hash_keys *keys)
{
	__u32 i;

	keys->factor = arpl_siphash3(key0, key1, 0, 0, 0) | 1;
	for (i = 0; i < ARPL_HASH_KEYS; i++) {
		keys->place[i] = arpl_siphash3(key0, key1, 1, i, 0);
		keys->print[i] = arpl_siphash3(key0, key1, 2, i, 0);
	}
}

#endif
