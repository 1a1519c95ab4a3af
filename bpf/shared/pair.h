/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Confirmed pairs: a requester that an endpoint's kernel has answered. A pair may stand in four words side by side; where
 * they are taken, the one that was answered the longest ago is evicted, which costs a TO_CHILD.
 */
#ifndef ARPLINE_SHARED_PAIR_H
#define ARPLINE_SHARED_PAIR_H

#include "filter.h"
#include "hash.h"
#include "lookups.h"
#include "stamp.h"

/* Pairs are stamps (stamp.h); their flag says that one frame was sent as a sample. */
#define ARPL_PAIR_SAMPLED ARPL_STAMP_FLAG

/* Where it stands does not depend on the generation: the table need not wait for the slot. */
ARPL_INLINE __u64 arpl_pair_hash(struct arpl_tables *t, __u64 requester_mac, __be32 requester, __be32 endpoint,
				 __u16 vlan)
{
	return arpl_hash(arpl_hash_keys_now(t), ARPL_HASH_PAIR, requester_mac, vlan, requester, endpoint, 0);
}

/* The fingerprint of the pair with this generation of its endpoint, in the high half. */
ARPL_INLINE __u64 arpl_pair_print(__u64 hash, __u32 generation)
{
	return hash + ((__u64)generation << 32);
}

ARPL_INLINE __u32 arpl_pair_set_of(__u64 hash)
{
	return (__u32)hash & (ARPL_PAIR_SETS - 1);
}

/*
 * Where it stands, and `word` what stands there; NULL: nowhere. Most frames of a flood are of requesters that nobody has
 * answered: those do not get past the filter.
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

/* How gladly this word is given to the pair: its own, then a free one, then the oldest. */
ARPL_INLINE __u64 arpl_pair_fit(__u64 word, __u64 print, __u64 now)
{
	if (arpl_stamp_is(word, print))
		return ~0ULL;
	return word == 0 ? ~0ULL - 1 : arpl_stamp_age_ns(word, now) + 1;
}

/* Confirms the pair. */
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
