/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tables of stamps (hash.h): `heard`, with addresses that are no endpoint's, and `pairs`.
 *
 * In `heard` each place has a word for each kind of entry, in one cache line: entries from the wire evict only
 * entries from the wire.
 */
#ifndef ARPLINE_SHARED_RECENT_H
#define ARPLINE_SHARED_RECENT_H

#include "hash.h"
#include "lookups.h"

ARPL_INLINE __u64 arpl_heard_hash(struct arpl_tables *t, __be32 address, __u16 vlan)
{
	return arpl_hash(arpl_hash_keys_now(t), ARPL_HASH_HEARD, 0, vlan, address, 0, 0);
}

ARPL_INLINE __u32 arpl_heard_place(enum arpl_heard kind, __u64 hash)
{
	return ((__u32)hash & (ARPL_HEARD_PLACES - 1)) * ARPL_HEARD_WORDS + (__u32)kind;
}

/*
 * The filter's part for this kind. arpl_heard_flag() is the flag that selects the first or the second part for
 * look-ups.
 */
ARPL_INLINE __u32 arpl_heard_part(enum arpl_heard kind)
{
	return kind == ARPL_HEARD_ANNOUNCED ? ARPL_FILTER_ANNOUNCED : ARPL_FILTER_HEARD;
}

ARPL_INLINE __u64 arpl_heard_flag(enum arpl_heard kind)
{
	return kind == ARPL_HEARD_ANNOUNCED ? ARPL_LIMIT_OTHER_ANNOUNCED : ARPL_LIMIT_OTHER_HEARD;
}

ARPL_INLINE void arpl_hear_hash(struct arpl_tables *t, enum arpl_heard kind, __u64 hash, __u64 now)
{
	__u64 *place = arpl_heard_at(t, arpl_heard_place(kind, hash));

	if (place)
		*(volatile __u64 *)place = arpl_stamp_word(hash, now);
}

ARPL_INLINE void arpl_hear(struct arpl_tables *t, enum arpl_heard kind, __be32 address, __u16 vlan, __u64 now)
{
	__u64 hash = arpl_heard_hash(t, address, vlan);

	arpl_hear_hash(t, kind, hash, now);
	if (kind != ARPL_HEARD_ANSWERED)
		arpl_filter_mark_both(t, arpl_heard_part(kind), hash);
}

ARPL_INLINE int arpl_was_heard_hash(struct arpl_tables *t, enum arpl_heard kind, __u64 hash, __u64 now,
				    __u64 most_ns)
{
	__u64 *place = arpl_heard_at(t, arpl_heard_place(kind, hash));
	__u64 word = place ? *(volatile __u64 *)place : 0;

	return arpl_stamp_is(word, hash) && arpl_stamp_age_ns(word, now) < most_ns;
}

/* Whether this entry was written less than `most_ns` ago. */
ARPL_INLINE int arpl_was_heard(struct arpl_tables *t, enum arpl_heard kind, __be32 address, __u16 vlan,
			       __u64 now, __u64 most_ns)
{
	return arpl_was_heard_hash(t, kind, arpl_heard_hash(t, address, vlan), now, most_ns);
}

/* 0 when the filter says that no such address was heard. `hash` comes from arpl_heard_hash(). */
ARPL_INLINE int arpl_may_be_heard(struct arpl_tables *t, const struct arpl_limits *limits, enum arpl_heard kind,
				  __u64 hash)
{
	return arpl_filter_may(
		t, arpl_hash_bit(arpl_heard_part(kind) + !!(limits->flags & arpl_heard_flag(kind)), hash));
}

/*
 * As arpl_was_heard(), for callers whose addresses were mostly not heard: the filter rejects these.
 */
ARPL_INLINE int arpl_was_heard_filtered(struct arpl_tables *t, const struct arpl_limits *limits,
					enum arpl_heard kind, __u64 hash, __u64 now, __u64 most_ns)
{
	return arpl_may_be_heard(t, limits, kind, hash) && arpl_was_heard_hash(t, kind, hash, now, most_ns);
}

/* A station on the wire that an endpoint's kernel has answered. */
ARPL_INLINE __u64 arpl_station_hash(struct arpl_tables *t, __u64 mac)
{
	return arpl_hash(arpl_hash_keys_now(t), (__u32)ARPL_HASH_HEARD + ARPL_HEARD_STATION, mac, 0, 0, 0, 0);
}

ARPL_INLINE void arpl_hear_station(struct arpl_tables *t, __u64 mac, __u64 now)
{
	arpl_hear_hash(t, ARPL_HEARD_STATION, arpl_station_hash(t, mac), now);
}

ARPL_INLINE int arpl_was_station(struct arpl_tables *t, __u64 mac, __u64 now, __u64 most_ns)
{
	return arpl_was_heard_hash(t, ARPL_HEARD_STATION, arpl_station_hash(t, mac), now, most_ns);
}

/*
 * A who-has that was handed to an endpoint's kernel, by the pair's hash: fingerprint and time in units of 2^20
 * ns, about a millisecond. The unit is finer than a stamp's because the entry has to expire soon: until then a
 * container could answer in its kernel's place.
 */
#define ARPL_HANDED_SHIFT 20
#define ARPL_HANDED_AHEAD (1 << 14) /* 17 s: the clock of another CPU may be ahead */

ARPL_INLINE void arpl_hand(struct arpl_tables *t, __u64 pair_hash, __u64 now)
{
	__u64 *place = arpl_heard_at(t, arpl_heard_place(ARPL_HEARD_HANDED, pair_hash));

	if (place)
		*(volatile __u64 *)place =
			(pair_hash & 0xffffffff00000000ULL) | (__u32)(now >> ARPL_HANDED_SHIFT);
}

/* Returns 1 once for a who-has that was handed over within ARPL_HANDED_NS. */
ARPL_INLINE int arpl_take_handed(struct arpl_tables *t, __u64 pair_hash, __u64 now)
{
	__u64 *place = arpl_heard_at(t, arpl_heard_place(ARPL_HEARD_HANDED, pair_hash));
	__u64 word = place ? *(volatile __u64 *)place : 0;
	__s32 age = (__s32)((__u32)(now >> ARPL_HANDED_SHIFT) - (__u32)word);

	/* Words further in the future than ARPL_HANDED_AHEAD are 26 to 52 days old: the time has wrapped. */
	return word != 0 && (word >> 32) == (pair_hash >> 32) && age >= -ARPL_HANDED_AHEAD &&
	       age <= (__s32)(ARPL_HANDED_NS >> ARPL_HANDED_SHIFT) &&
	       __sync_val_compare_and_swap(place, word, 0) == word;
}

/*
 * Confirmed pairs: a requester and an endpoint whose kernel has answered it. A pair may be in one of four words
 * side by side. When all are taken, the pair with the oldest answer is evicted, whose next frame then costs a
 * TO_CHILD.
 */

/* A pair is a stamp; its flag says that one frame has been passed on as a sample. */
#define ARPL_PAIR_SAMPLED ARPL_STAMP_FLAG

/*
 * The hash does not contain the generation, so that the look-up of the pair need not wait for the slot's cache
 * line.
 */
ARPL_INLINE __u64 arpl_pair_hash(struct arpl_tables *t, __u64 requester_mac, __be32 requester, __be32 endpoint,
				 __u16 vlan)
{
	return arpl_hash(arpl_hash_keys_now(t), ARPL_HASH_PAIR, requester_mac, vlan, requester, endpoint, 0);
}

/* The fingerprint, in the high half, of a pair with this generation of its endpoint. */
ARPL_INLINE __u64 arpl_pair_print(__u64 hash, __u32 generation)
{
	return hash + ((__u64)generation << 32);
}

ARPL_INLINE __u32 arpl_pair_set_of(__u64 hash)
{
	return (__u32)hash & (ARPL_PAIR_SETS - 1);
}

/*
 * Returns the pair's word and its value in `word`; NULL when the pair is not confirmed. The filter rejects most
 * frames of a flood, whose requesters no kernel has answered.
 */
ARPL_INLINE __u64 *arpl_pair_find(struct arpl_tables *t, const struct arpl_limits *limits, __u64 hash,
				  __u32 generation, __u64 *word)
{
	__u32 part = (__u32)ARPL_FILTER_PAIRS + !!(limits->flags & ARPL_LIMIT_OTHER_PAIRS);
	struct arpl_pair_set *set =
		arpl_filter_may(t, arpl_hash_bit(part, hash)) ? arpl_pairs_at(t, arpl_pair_set_of(hash)) : 0;
	__u64 print = arpl_pair_print(hash, generation);

	if (!set)
		return 0;
#ifdef __bpf__
#pragma unroll
#endif
	for (__u32 i = 0; i < ARPL_PAIR_WAYS; i++) {
		*word = *(volatile __u64 *)&set->words[i];
		if (arpl_stamp_is(*word, print))
			return &set->words[i];
	}
	return 0;
}

/* Ranks the words that a pair may be stored in, higher is better: its own, a free one, the oldest. */
ARPL_INLINE __u64 arpl_pair_fit(__u64 word, __u64 print, __u64 now)
{
	if (arpl_stamp_is(word, print))
		return ~0ULL;
	return word == 0 ? ~0ULL - 1 : arpl_stamp_age_ns(word, now) + 1;
}

ARPL_INLINE void arpl_pair_confirm(struct arpl_tables *t, __u64 hash, __u32 generation, __u64 now)
{
	struct arpl_pair_set *set = arpl_pairs_at(t, arpl_pair_set_of(hash));
	__u64 print = arpl_pair_print(hash, generation);
	__u64 best_fit = 0;
	__u32 best = 0;

	if (!set)
		return;
#ifdef __bpf__
#pragma unroll
#endif
	for (__u32 i = 0; i < ARPL_PAIR_WAYS; i++) {
		__u64 fit = arpl_pair_fit(*(volatile __u64 *)&set->words[i], print, now);

		if (fit > best_fit) {
			best_fit = fit;
			best = i;
		}
	}
	*(volatile __u64 *)&set->words[best & (ARPL_PAIR_WAYS - 1)] = arpl_stamp_word(print, now);
	arpl_filter_mark_both(t, ARPL_FILTER_PAIRS, hash);
}

#endif
