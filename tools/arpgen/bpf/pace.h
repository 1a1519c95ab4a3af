/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When the next frame is to be sent. Open loop: frames are due at a constant rate or with the exponential gaps of a
 * Poisson process, neither of which depends on answers or on how late the sender is. Closed loop: no more requests are
 * open than the window says. The kernel's generator and this process's sources ask here, with the time as a parameter.
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
	__u64 frames; /* the run ends with the first of both */
	__u64 gap;    /* between two frames, on average, in 2^-16 ns; 0: full speed */
	__u64 window; /* requests open at once; 0: open loop */
	__u64 deadline_ns;
	__u32 poisson;
	__u32 zero;
};

/* Where a run stands; zero before it. Written by the sender. */
struct arpgen_progress {
	__u64 next_index;
	__u64 started_at; /* 0: the next turn is the first one */
	__u64 ended_at;	  /* 0: not yet */
	__u64 due;	  /* the next frame's, in 2^-16 ns after the start */
	__u64 asked;	  /* requests sent */
	__u64 given_up;	  /* requests that the window does not wait for any more */
	__u64 settled;	  /* at the last look */
	__u64 settled_at; /* when that changed */
};

enum arpgen_turn { ARPGEN_WAIT, ARPGEN_SEND, ARPGEN_DONE };

/* Whether the window has room. When nothing comes back for the deadline, what is open is given up. */
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

/* What to do at `now`, when `settled` requests have been answered in whatever way. */
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

/* When the frame that is sent now was due. */
static inline __attribute__((always_inline)) __u64 arpgen_due(const struct arpgen_pace *pace,
							      const struct arpgen_progress *progress, __u64 now)
{
	return pace->gap && !pace->window ? progress->started_at + (progress->due >> ARPGEN_GAP_BITS) : now;
}

/* Which quantile the gap before frame `index` is. */
static inline __attribute__((always_inline)) __u32 arpgen_quantile(__u64 seed, __u64 index)
{
	return (__u32)(arpgen_draw(~seed, index) >> 32) % ARPGEN_QUANTILES;
}

/* A frame was sent; `asks` when it is a request that somebody answers, `quantile` that of the next gap. */
static inline __attribute__((always_inline)) void
arpgen_advance(const struct arpgen_pace *pace, struct arpgen_progress *progress, int asks, __u32 quantile)
{
	progress->next_index++;
	progress->asked += asks ? 1 : 0;
	/* At most 2^52 (ARPGEN_MAX_GAP_NS) times a quantile below 2^20: it fits into 64 bits when shifted before. */
	if (pace->poisson)
		progress->due += (pace->gap >> 12) * quantile >> (ARPGEN_QUANTILE_BITS - 12);
	else
		progress->due += pace->gap;
}

#endif
