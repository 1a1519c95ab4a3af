/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Storm limits on broadcast and multicast other than ARP; there is none unless the configuration asks for it.
 */
#ifndef ARPLINE_STORM_BPF_H
#define ARPLINE_STORM_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"
#include "shared/budgets.h"
#include "shared/storm.h"

ARPL_INLINE struct arpl_storm_limit *storm_limit_of(__u16 ethertype, __u16 kind)
{
	struct arpl_storm_key key = {.ethertype = ethertype, .kind = kind};
	struct arpl_storm_limit *limit = bpf_map_lookup_elem(&storm, &key);

	if (limit || ethertype == 0)
		return limit;
	key.ethertype = 0;
	return bpf_map_lookup_elem(&storm, &key);
}

ARPL_INLINE int storm_count(enum arpl_other_verdict verdict, int observe)
{
	__u32 zero = 0;
	struct arpl_other_counts *counts = bpf_map_lookup_elem(&other_verdicts, &zero);
	__u32 index = (__u32)verdict;
	int drop = (__u32)verdict >= ARPL_FIRST_OTHER_DROP;

	if (drop && observe)
		index += (__u32)ARPL_OTHER_VERDICTS - ARPL_FIRST_OTHER_DROP;
	if (counts && index < ARPL_OTHER_COUNTERS)
		((__u64 *)counts)[index]++;
	return drop && !observe ? XDP_DROP : XDP_PASS;
}

/* Limits a broadcast or multicast frame that is not ARP. Called only while there are storm limits. */
ARPL_INLINE int storm_decide(const __u8 *frame, const __u8 *end, const struct arpl_limits *limits_now)
{
	__s32 ethertype = arpl_storm_ethertype(frame, end);
	struct arpl_storm_limit *limit;
	__u64 destination;
	__u64 now;
	int broadcast;
	int within;

	if (ethertype < 0)
		return XDP_PASS;
	destination = arpl_load_mac(frame);
	broadcast = destination == ARPL_MAC_BROADCAST;
	limit = storm_limit_of((__u16)ethertype, broadcast ? ARPL_STORM_BROADCAST : ARPL_STORM_MULTICAST);
	if (!limit || (!broadcast && bpf_map_lookup_elem(&groups, &destination)))
		return XDP_PASS;
	now = arpl_now();
	if (now >= arpl_lease_expires(0))
		return XDP_PASS;
	within = arpl_bucket_within(&limit->arrival, now, arpl_budget_at(&limit->budget));
	__sync_fetch_and_add(within ? &limit->passed : &limit->limited, 1);
	if (broadcast)
		return storm_count(within ? ARPL_OTHER_broadcast_passed : ARPL_OTHER_broadcast_limited,
				   !!(limits_now->flags & ARPL_LIMIT_OBSERVE));
	return storm_count(within ? ARPL_OTHER_multicast_passed : ARPL_OTHER_multicast_limited,
			   !!(limits_now->flags & ARPL_LIMIT_OBSERVE));
}

/*
 * A frame that is not ARP costs one more read, of its destination MAC, unless the configuration has storm
 * limits.
 */
ARPL_INLINE int storm_look(struct xdp_md *ctx)
{
	const __u8 *frame = (const __u8 *)(long)ctx->data;
	const __u8 *end = (const __u8 *)(long)ctx->data_end;
	const struct arpl_limits *limits_now;

	if (frame + ARPL_ETH_BYTES > end || !(frame[0] & 1U))
		return XDP_PASS;
	limits_now = arpl_limits_now(0);
	if (!limits_now || !(limits_now->flags & ARPL_LIMIT_STORM))
		return XDP_PASS;
	return storm_decide(frame, end, limits_now);
}

#endif
