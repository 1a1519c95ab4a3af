/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a who-has leaves in the counters of the endpoint that it asks for. */
#ifndef ARPLINE_SHARED_ACCOUNT_H
#define ARPLINE_SHARED_ACCOUNT_H

#include "lookups.h"
#include "packet.h"
#include "stamp.h"
#include "verdicts.h"

ARPL_INLINE void arpl_note_requester(struct arpl_endpoint_stats *stats, const struct arpl_arp *arp, __u64 now)
{
	stats->last_seen = now;
	stats->last_requester_mac = arp->sender_mac;
	stats->last_requester = arp->sender_ip;
}

/* The hot way: one cache line that has been read already; the other one seldom. */
ARPL_INLINE void arpl_count_reflected(struct arpl_tables *t, __u32 index, const struct arpl_arp *arp, __u64 now)
{
	struct arpl_slot *slot = arpl_slot_at(t, index);
	struct arpl_endpoint_stats *stats;
	const struct arpl_limits *limits = arpl_limits_now(t);
	__u16 when = (__u16)(now >> ARPL_STAMP_SHIFT);

	if (!slot || !limits)
		return;
	/* A locked addition waits for all stores before it, those into the frame too. */
	if (limits->flags & ARPL_LIMIT_ONE_QUEUE)
		*(volatile __u64 *)&slot->reflected = *(volatile __u64 *)&slot->reflected + 1;
	else
		__sync_fetch_and_add(&slot->reflected, 1);
	if (slot->noted == when)
		return;
	slot->noted = when;
	stats = arpl_stats_at(t, index);
	if (stats)
		arpl_note_requester(stats, arp, now);
}

/* `way`: what became of it; ARPL_CLASS_PASS also in observe. */
ARPL_INLINE void arpl_count_request(struct arpl_tables *t, __u32 index, enum arpl_class way,
				    const struct arpl_arp *arp, __u64 now)
{
	struct arpl_endpoint_stats *stats = arpl_stats_at(t, index);

	if (!stats)
		return;
	__sync_fetch_and_add(&stats->requests, 1);
	if (way == ARPL_CLASS_TO_CHILD)
		__sync_fetch_and_add(&stats->to_child, 1);
	else if (way == ARPL_CLASS_RING)
		__sync_fetch_and_add(&stats->ringed, 1);
	else if (way == ARPL_CLASS_DROP)
		__sync_fetch_and_add(&stats->capped, 1);
	arpl_note_requester(stats, arp, now);
}

/* A who-has that was sent to another station, which has the address no more: the requester keeps an old entry. */
ARPL_INLINE void arpl_note_misdirected(struct arpl_tables *t, __u32 index, const struct arpl_arp *arp,
				       __u64 now)
{
	struct arpl_endpoint_stats *stats = arpl_stats_at(t, index);

	if (!stats || (arp->eth_dst & ARPL_MAC_MULTICAST_BIT))
		return;
	stats->misdirected_mac = arp->eth_dst;
	stats->misdirected_at = now;
	stats->misdirected_requester = arp->sender_ip;
	__sync_fetch_and_add(&stats->misdirected, 1);
}

#endif
