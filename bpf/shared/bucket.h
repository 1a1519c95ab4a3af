/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The token bucket: GCRA (ITU-T I.371), its theoretical arrival time in one 64-bit word. A frame costs
 * interval_ns; the arrival time may be up to burst_ns ahead of now. There is no division and no lock: a token
 * is one compare-and-swap, and losing the race counts as no token. burst_ns < interval_ns never gives a token,
 * interval_ns = 0 is no limit.
 */
#ifndef ARPLINE_SHARED_BUCKET_H
#define ARPLINE_SHARED_BUCKET_H

#include <linux/types.h>

#include "abi.h"

/* A relaxed load. clang 14 has no atomic load for BPF; elsewhere a volatile read would be a data race. */
static inline __attribute__((always_inline)) __u64 arpl_bucket_load(const __u64 *word)
{
#ifdef __bpf__
	return *(const volatile __u64 *)word;
#else
	return __atomic_load_n(word, __ATOMIC_RELAXED);
#endif
}

/* The arrival time after one more frame at `now`; 0 when the budget has no token for it. */
static inline __attribute__((always_inline)) __u64 arpl_bucket_next(__u64 arrival, __u64 now,
								    struct arpl_budget budget)
{
	__u64 next = (arrival > now ? arrival : now) + budget.interval_ns;

	return next - now > budget.burst_ns ? 0 : next;
}

/* Whether there is a token; takes none. */
static inline __attribute__((always_inline)) int arpl_bucket_peek(const __u64 *word, __u64 now,
								  struct arpl_budget budget)
{
	return budget.interval_ns == 0 || arpl_bucket_next(arpl_bucket_load(word), now, budget) != 0;
}

/* Takes a token and returns 1; returns 0 when there is none. */
static inline __attribute__((always_inline)) int arpl_bucket_take(__u64 *word, __u64 now,
								  struct arpl_budget budget)
{
	__u64 arrival = arpl_bucket_load(word);
	__u64 next;

	if (budget.interval_ns == 0)
		return 1;
	next = arpl_bucket_next(arrival, now, budget);
	return next != 0 && __sync_val_compare_and_swap(word, arrival, next) == arrival;
}

#define ARPL_BUCKET_TRIES 4U

/*
 * For budgets whose excess is dropped: a race that another CPU has won must not drop a frame. The token is
 * tried again, and after ARPL_BUCKET_TRIES lost races the frame passes.
 */
static inline __attribute__((always_inline)) int arpl_bucket_within(__u64 *word, __u64 now,
								    struct arpl_budget budget)
{
#ifdef __bpf__
#pragma unroll
#endif
	for (__u32 i = 0; i < ARPL_BUCKET_TRIES; i++) {
		if (arpl_bucket_take(word, now, budget))
			return 1;
		if (!arpl_bucket_peek(word, now, budget))
			return 0;
	}
	return 1;
}

#endif
