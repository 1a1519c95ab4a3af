/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The record that `arpline watch` gets of a frame, and which frames a watcher wants. Only the programs that are
 * attached while somebody watches (bpf/watch.bpf.h) have these maps; they are never pinned, so this is no part
 * of the maps' ABI.
 */
#ifndef ARPLINE_SHARED_WATCHED_H
#define ARPLINE_SHARED_WATCHED_H

#include "abi.h"
#include "bucket.h"
#include "sent.h"
#include "verdicts.h"

#define ARPL_WATCHERS 4U
#define ARPL_WATCHED_BYTES 64U /* of a frame that go into a record */
#define ARPL_WATCHED_RING_BYTES 262144U
/* For each watcher: 800 frames a second and 200 saved up, so no more than 1,000 in any second. */
#define ARPL_WATCH_INTERVAL_NS (ARPL_SECOND_NS / 800)
#define ARPL_WATCH_BURST_NS (200 * ARPL_WATCH_INTERVAL_NS)
#define ARPL_WATCHED_NETNS 4U /* namespaces in a filter */

/* The sides that a frame comes from. */
enum arpl_watched_side {
	ARPL_SIDE_WIRE,
	ARPL_SIDE_CONTAINER,
	ARPL_SIDE_HOST,
	ARPL_SIDE_STRANGER, /* sent through the parent with a MAC that is nobody's here */
};

/*
 * The outcomes: first the counters of verdicts.h (enum arpl_verdict, the would_ twins), then enum arpl_sent
 * for the frames that this host sends.
 */
#define ARPL_OUTCOME_SENT 48U
#define ARPL_OUTCOMES 64U

struct arpl_watched {
	__u64 time_ns;
	__u64 eth_dst, eth_src, sender_mac, target_mac; /* MAC words */
	__be32 sender_ip, target_ip;
	__u32 frame_bytes;
	__u32 bytes;	  /* of the frame in the record */
	__u32 from_netns; /* numbers as in arpl_sender.netns; 0: none. Only set for a filter by container */
	__u32 to_netns;
	__u16 op, vlan;
	__u8 side; /* enum arpl_watched_side */
	__u8 outcome;
	__u8 parsed;   /* enum arpl_parsed */
	__u8 claims;   /* 1: it claims an endpoint's address */
	__u8 watchers; /* bits: who wants it */
	__u8 zero[7];
};

/* A record of the ring. */
struct arpl_watched_frame {
	struct arpl_watched about;
	__u8 bytes[ARPL_WATCHED_BYTES];
};

#define ARPL_WATCH_ON 1U
#define ARPL_WATCH_CLAIMS 2U /* only claims */
#define ARPL_WATCH_NETNS 4U  /* only frames from or to one of `netns` */

/* The frames that one watcher wants; every part that is given must match. */
struct arpl_watch_filter {
	__u64 arrival;			 /* token bucket: bucket.h */
	__u64 outcomes;			 /* bits */
	__u64 from_mac;			 /* the Ethernet source or the sender MAC; 0: any */
	__be32 from_ip;			 /* the sender; 0: any */
	__be32 endpoint;		 /* the sender or the target; 0: any */
	__u32 flags;			 /* ARPL_WATCH_* */
	__u32 netns[ARPL_WATCHED_NETNS]; /* 0: no namespace */
	__u32 zero[3];
};

/* Frames that each watcher wanted and did not get. */
struct arpl_watch_left_out {
	__u64 frames[ARPL_WATCHERS];
};

ARPL_STATIC_ASSERT(ARPL_VERDICT_COUNTERS <= ARPL_OUTCOME_SENT, "room for the verdicts");
ARPL_STATIC_ASSERT(ARPL_OUTCOME_SENT + (__u32)ARPL_SENT_DROPPED < ARPL_OUTCOMES, "a bit for each outcome");
ARPL_STATIC_ASSERT(sizeof(struct arpl_watched) == 80, "no padding");
ARPL_STATIC_ASSERT(sizeof(struct arpl_watch_filter) == 64, "one cache line");

ARPL_INLINE int arpl_watch_is_from_or_to(const struct arpl_watch_filter *filter,
					 const struct arpl_watched *frame)
{
	int found = 0;

	for (__u32 i = 0; i < ARPL_WATCHED_NETNS; i++) {
		__u32 netns = filter->netns[i];

		found |= netns != 0 && (netns == frame->from_netns || netns == frame->to_netns);
	}
	return found;
}

ARPL_INLINE int arpl_watch_wants(const struct arpl_watch_filter *filter, const struct arpl_watched *frame)
{
	if (!(filter->flags & ARPL_WATCH_ON) || !(filter->outcomes >> (frame->outcome & 63) & 1))
		return 0;
	if (filter->endpoint != 0 && filter->endpoint != frame->sender_ip &&
	    filter->endpoint != frame->target_ip)
		return 0;
	if (filter->from_mac != 0 && filter->from_mac != frame->eth_src &&
	    filter->from_mac != frame->sender_mac)
		return 0;
	if (filter->from_ip != 0 && filter->from_ip != frame->sender_ip)
		return 0;
	if ((filter->flags & ARPL_WATCH_CLAIMS) && !frame->claims)
		return 0;
	return !(filter->flags & ARPL_WATCH_NETNS) || arpl_watch_is_from_or_to(filter, frame);
}

/* Takes one token of the watcher's own; what one watcher wants costs the others nothing. */
ARPL_INLINE int arpl_watch_token(struct arpl_watch_filter *filter, __u64 now)
{
	const struct arpl_budget each = {.interval_ns = ARPL_WATCH_INTERVAL_NS,
					 .burst_ns = ARPL_WATCH_BURST_NS};

	return arpl_bucket_take(&filter->arrival, now, each);
}

#endif
