/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hash of values from the wire: multilinear over 32-bit words with secret 64-bit keys (Lemire and Kaser,
 * "Strongly universal string hashing is fast", 2014, section 2). Without the keys nobody can choose inputs that
 * collide more often than by chance. Two such hashes make a place and a fingerprint. The cost in BPF is a
 * quarter of SipHash-1-3's.
 */
#ifndef ARPLINE_SHARED_HASH_H
#define ARPLINE_SHARED_HASH_H

#include "siphash.h"

#define ARPL_HASH_KEYS 7U /* one constant, then one for each word */

struct arpl_hash_keys {
	__u64 factor; /* odd; for the multiply-shift hash below */
	__u64 place[ARPL_HASH_KEYS];
	__u64 print[ARPL_HASH_KEYS];
};

/* The kind of the hashed value, so that equal words have different hashes in different tables. */
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

/* Returns the fingerprint in the high 32 bits, the place in the low ones. */
ARPL_INLINE __u64 arpl_hash(const struct arpl_hash_keys *keys, __u32 kind, __u64 mac, __u16 vlan, __u32 a,
			    __u32 b, __u32 c)
{
	__u64 mac_and_vlan = mac | (__u64)vlan << 48;
	__u64 print = arpl_multilinear(keys->print, mac_and_vlan, a, b, c, kind);

	return (print & 0xffffffff00000000ULL) |
	       arpl_multilinear(keys->place, mac_and_vlan, a, b, c, kind) >> 32;
}

/* Derives all keys from the two random words of arpl_meta. */
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
 * The cells of `endpoint_index` and the bits of `filter`. Control writes both tables, not the wire, so a secret
 * odd factor is enough: multiply-shift (Dietzfelbinger and others, 1997).
 */

/* An endpoint's cell without the slot. */
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

/* The index of a bit in `filter`, from a part and a place in it. */
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

/*
 * `hash`: of arpl_hash(). The filter takes the high bits of its place, because the table behind the filter
 * takes the low ones.
 */
ARPL_INLINE __u32 arpl_hash_bit(__u32 part, __u64 hash)
{
	return arpl_filter_bit(part, (__u32)hash >> (32 - ARPL_FILTER_BITS));
}

/*
 * A stamp is an entry of `pairs` or `heard`, fixed arrays whose place comes from a keyed hash. One 64-bit word
 * holds the fingerprint (32 bits), the time (31 bits) and a flag. A collision evicts the older entry. The time
 * counts in units of 134 ms and wraps after nine years.
 */

#define ARPL_STAMP_FLAG 1ULL
#define ARPL_STAMP_SHIFT 27
#define ARPL_STAMP_MASK 0x7fffffffULL

/* `hash`: its high half becomes the fingerprint; the low bits are free for the place. */
ARPL_INLINE __u64 arpl_stamp_word(__u64 hash, __u64 now)
{
	return (hash & 0xffffffff00000000ULL) | ((now >> ARPL_STAMP_SHIFT) & ARPL_STAMP_MASK) << 1;
}

/*
 * In nanoseconds, to a multiple of 134 ms. A stamp from the future has age 0: another CPU's clock is a moment
 * ahead.
 */
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
