/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SipHash-1-3 (Aumasson, Bernstein) over three 64-bit words, without the length block because all inputs are 24
 * bytes. It derives the keys of hash.h from the two random words.
 */
#ifndef ARPLINE_SHARED_SIPHASH_H
#define ARPLINE_SHARED_SIPHASH_H

#include <linux/types.h>

#include "abi.h"

struct arpl_sip {
	__u64 v0, v1, v2, v3;
};

ARPL_INLINE __u64 arpl_rotl64(__u64 x, int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

ARPL_INLINE void arpl_sip_round(struct arpl_sip *s)
{
	s->v0 += s->v1;
	s->v1 = arpl_rotl64(s->v1, 13) ^ s->v0;
	s->v0 = arpl_rotl64(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = arpl_rotl64(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = arpl_rotl64(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = arpl_rotl64(s->v1, 17) ^ s->v2;
	s->v2 = arpl_rotl64(s->v2, 32);
}

ARPL_INLINE void arpl_sip_word(struct arpl_sip *s, __u64 word)
{
	s->v3 ^= word;
	arpl_sip_round(s);
	s->v0 ^= word;
}

ARPL_INLINE __u64 arpl_siphash3(__u64 key0, __u64 key1, __u64 a, __u64 b, __u64 c)
{
	struct arpl_sip s = {
		key0 ^ 0x736f6d6570736575ULL,
		key1 ^ 0x646f72616e646f6dULL,
		key0 ^ 0x6c7967656e657261ULL,
		key1 ^ 0x7465646279746573ULL,
	};
	arpl_sip_word(&s, a);
	arpl_sip_word(&s, b);
	arpl_sip_word(&s, c);
	s.v2 ^= 0xff;
	arpl_sip_round(&s);
	arpl_sip_round(&s);
	arpl_sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

#endif
