/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The answers that arpline has asked for: of an endpoint's gateway, to the endpoint or to the parent. They are listened
 * to and go on to who they are for. Each question has one answer at most, so they need no budget.
 */
#ifndef ARPLINE_SHARED_PROBE_H
#define ARPLINE_SHARED_PROBE_H

#include "index.h"
#include "lookups.h"
#include "packet.h"

/* 1 for the first answer to what an endpoint awaits. A flood of replies finds out soon that nobody does. */
ARPL_INLINE int arpl_takes_probe_answer(struct arpl_tables *t, const struct arpl_arp *reply)
{
	__u32 index = arpl_index_find_filtered(t, reply->target_ip, reply->vlan);
	struct arpl_endpoint_stats *stats = arpl_stats_at(t, index);
	struct arpl_slot *slot;

	if (!stats || reply->sender_ip == 0 || ARPL_READ(&stats->awaits) != reply->sender_ip)
		return 0;
	slot = arpl_slot_at(t, index);
	if (!slot || reply->target_mac != (ARPL_READ(&slot->word) & ARPL_MAC_MASK))
		return 0;
	return __sync_val_compare_and_swap(&stats->awaits, reply->sender_ip, 0) == reply->sender_ip;
}

/* Likewise for the parent; its question may have come from no address. */
ARPL_INLINE int arpl_takes_host_answer(struct arpl_tables *t, const struct arpl_arp *reply)
{
	struct arpl_limits *limits = (struct arpl_limits *)arpl_limits_now(t);
	__u64 awaited = ARPL_AWAITS(reply->sender_ip, reply->vlan);

	if (!limits || ARPL_READ(&limits->host_awaits) != awaited || reply->target_mac != limits->parent_mac)
		return 0;
	return __sync_val_compare_and_swap(&limits->host_awaits, awaited, 0) == awaited;
}

/* 1 for an answer to a question of ours: what is to be reported, without the time. */
ARPL_INLINE int arpl_take_answer(struct arpl_tables *t, const struct arpl_arp *reply, struct arpl_event *event)
{
	int probe;

	if (reply->eth_dst != reply->target_mac)
		return 0;
	probe = arpl_takes_probe_answer(t, reply);
	if (!probe && !arpl_takes_host_answer(t, reply))
		return 0;
	event->mac = reply->sender_mac;
	event->address = probe ? reply->target_ip : reply->sender_ip;
	event->vlan = reply->vlan;
	event->type = probe ? ARPL_EVENT_PROBE_ANSWER : ARPL_EVENT_HOST_ANSWER;
	return 1;
}

#endif
