/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Decides when the next frame is sent. Open loop: frames are due at a constant rate or with the exponential
 * gaps of a Poisson process, whether or not answers come or the sender is late. Closed loop: at most `window`
 * requests are open. Both the generator in the kernel and the sources in this process use it; time is a
 * parameter.
 */
#ifndef ARPGEN_PACE_H
#define ARPGEN_PACE_H

#include "flow.h"

#define ARPGEN_GAP_BITS 16U	 /* fraction of a gap: 2^-16 ns */
#define ARPGEN_QUANTILES 4096U	 /* of the exponential distribution */
#define ARPGEN_QUANTILE_BITS 16U /* fraction of a quantile; their mean is 1 */
#define ARPGEN_MAX_GAP_NS (1ULL << 36)

struct arpgen_pace {
	__u64 seed;
	__u64 duration_ns;
	__u64 frames; /* the run ends after duration_ns or `frames`, whichever is first */
	__u64 gap;    /* mean time between two frames, in 2^-16 ns; 0: full speed */
	__u64 window; /* requests open at once; 0: open loop */
	__u64 deadline_ns;
	__u32 poisson;
	__u32 zero;
};

/* The state of a run, all zero before it. Written by the sender. */
struct arpgen_progress {
	__u64 next_index;
	__u64 started_at; /* 0: the next turn is the first one */
	__u64 ended_at;	  /* 0: not yet */
	__u64 due;	  /* due time of the next frame, in 2^-16 ns after the start */
	__u64 asked;	  /* requests sent */
	__u64 given_up;	  /* requests that no longer count as open */
	__u64 settled;	  /* answered requests at the last check */
	__u64 settled_at; /* time of the last change of `settled` */
};

enum arpgen_turn { ARPGEN_WAIT, ARPGEN_SEND, ARPGEN_DONE };

/* Whether the window has room. When no answer comes for deadline_ns, all open requests are given up. */
static inline __attribute__((always_inline)) int
arpgen_window_open(const struct arpgen_pace *pace, struct arpgen_progress *progress, __u64 settled, __u64 now)
{
	if (settled != progress->settled || progress->asked == progress->settled + progress->given_up) {
		progress->settled = settled;
		progress->settled_at = now;
	}
	if (now - progress->settled_at > pace->deadline_ns) {
		progress->given_up = progress->asked - settled;
		progress->settled_at = now;
	}
	return progress->asked < settled + progress->given_up + pace->window;
}

/* Decides the sender's step at `now`. `settled`: number of requests with any answer. */
static inline __attribute__((always_inline)) enum arpgen_turn
arpgen_turn(const struct arpgen_pace *pace, struct arpgen_progress *progress, __u64 settled, __u64 now)
{
	if (progress->ended_at)
		return ARPGEN_DONE;
	if (progress->started_at == 0)
		progress->started_at = now;
	if (progress->next_index >= pace->frames || now >= progress->started_at + pace->duration_ns) {
		progress->ended_at = now;
		return ARPGEN_DONE;
	}
	if (pace->gap && progress->started_at + (progress->due >> ARPGEN_GAP_BITS) > now)
		return ARPGEN_WAIT;
	if (pace->window && !arpgen_window_open(pace, progress, settled, now))
		return ARPGEN_WAIT;
	return ARPGEN_SEND;
}

/* The due time of the frame that is sent now. */
static inline __attribute__((always_inline)) __u64 arpgen_due(const struct arpgen_pace *pace,
							      const struct arpgen_progress *progress, __u64 now)
{
	return pace->gap && !pace->window ? progress->started_at + (progress->due >> ARPGEN_GAP_BITS) : now;
}

/* The number of the quantile for the gap before frame `index`. */
static inline __attribute__((always_inline)) __u32 arpgen_quantile(__u64 seed, __u64 index)
{
	return (__u32)(arpgen_draw(~seed, index) >> 32) % ARPGEN_QUANTILES;
}

/* A frame was sent. `asks`: it was a request that somebody answers; `quantile`: for the next gap. */
static inline __attribute__((always_inline)) void
arpgen_advance(const struct arpgen_pace *pace, struct arpgen_progress *progress, int asks, __u32 quantile)
{
	progress->next_index++;
	progress->asked += asks ? 1 : 0;
	/* The gap is at most 2^52 (ARPGEN_MAX_GAP_NS), the quantile below 2^20: shifting first keeps 64 bits. */
	if (pace->poisson)
		progress->due += (pace->gap >> 12) * quantile >> (ARPGEN_QUANTILE_BITS - 12);
	else
		progress->due += pace->gap;
}

#endif
