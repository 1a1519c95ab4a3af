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
	__u64 factor; /* odd: below */
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

/*
 * Where an endpoint stands in `endpoint_index`, and what has a bit in `filter`. Both tables are control's, not the wire's, so
 * the hash needs no more than a secret odd factor: multiply-shift (Dietzfelbinger and others, 1997).
 */

/* What a cell holds for this endpoint, without its slot. */
ARPL_INLINE __u64 arpl_index_cell(__be32 address, __u16 vlan)
{
	return address | (__u64)vlan << 32 | ARPL_CELL_USED;
}

ARPL_INLINE __u32 arpl_index_set_of(__u64 factor, __u64 cell)
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

/*
 * A stamp: an entry of the tables of what was seen lately, which are fixed arrays with a place by keyed hash. One 64-bit
 * word has fingerprint (32 bits), time (31 bits) and a flag. A collision evicts. The time's grain is 134 ms, and it wraps
 * after nine years.
 */

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
