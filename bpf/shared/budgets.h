/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The budgets of the decision: how many who-has may go where, and from whom. docs/limits.md gives the reasons.
 */
#ifndef ARPLINE_SHARED_BUDGETS_H
#define ARPLINE_SHARED_BUDGETS_H

#include "bucket.h"
#include "hash.h"
#include "recent.h"
#include "lookups.h"
#include "packet.h"

ARPL_INLINE int arpl_neigh_full(const struct arpl_limits *limits, __u64 now)
{
	return limits->neigh_full_ns != 0 && now < limits->neigh_full_ns + ARPL_NEIGH_FULL_NS;
}

/* Copies word by word: clang 14 copies a struct argument byte by byte. */
ARPL_INLINE struct arpl_budget arpl_budget_at(const struct arpl_budget *budget)
{
	struct arpl_budget read = {.interval_ns = budget->interval_ns, .burst_ns = budget->burst_ns};

	return read;
}

ARPL_INLINE int arpl_bucket_peek_at(struct arpl_tables *t, __u32 index, __u64 now,
				    const struct arpl_budget *budget)
{
	__u64 *word = arpl_bucket_at(t, index);

	return word && arpl_bucket_peek(word, now, arpl_budget_at(budget));
}

ARPL_INLINE int arpl_bucket_take_at(struct arpl_tables *t, __u32 index, __u64 now,
				    const struct arpl_budget *budget)
{
	__u64 *word = arpl_bucket_at(t, index);

	return word && arpl_bucket_take(word, now, arpl_budget_at(budget));
}

/* A source MAC's share. Two MACs may have the same bucket by their hash; they share one share then. */
ARPL_INLINE __u64 *arpl_share_of(struct arpl_tables *t, enum arpl_source_share share, __u64 source_mac)
{
	__u64 hash =
		arpl_hash(arpl_hash_keys_now(t), (__u32)ARPL_HASH_SHARE + (__u32)share, source_mac, 0, 0, 0, 0);

	return arpl_bucket_at(t, (__u32)ARPL_BUCKET_SOURCES + (__u32)share * ARPL_SOURCE_BUCKETS +
					 ((__u32)hash & (ARPL_SOURCE_BUCKETS - 1)));
}

ARPL_INLINE int arpl_share_take(struct arpl_tables *t, enum arpl_source_share share, __u64 source_mac,
				__u64 now, const struct arpl_budget *budget)
{
	__u64 *word = arpl_share_of(t, share, source_mac);

	return word && arpl_bucket_take(word, now, arpl_budget_at(budget));
}

/*
 * Takes a token of the source MAC's share, then one of the whole budget. Under a flood the peek rejects most
 * frames cheaply.
 */
ARPL_INLINE int arpl_shared_token(struct arpl_tables *t, __u32 sum, const struct arpl_budget *sum_budget,
				  enum arpl_source_share share, const struct arpl_budget *share_budget,
				  __u64 source_mac, __u64 now)
{
	return arpl_bucket_peek_at(t, sum, now, sum_budget) &&
	       arpl_share_take(t, share, source_mac, now, share_budget) &&
	       arpl_bucket_take_at(t, sum, now, sum_budget);
}

/* A source MAC's share of a budget without a _source limit. Its burst holds one frame at least. */
ARPL_INLINE struct arpl_budget arpl_quarter(const struct arpl_budget *sum)
{
	struct arpl_budget share = {.interval_ns = 4 * sum->interval_ns, .burst_ns = sum->burst_ns};

	if (share.interval_ns > share.burst_ns && sum->interval_ns <= sum->burst_ns)
		share.interval_ns = share.burst_ns;
	return share;
}

/*
 * Claims and own MACs have separate budgets, so that a flood of the one kind leaves the other's budget alone.
 */
ARPL_CALLED int arpl_event_token(struct arpl_tables *t, __u16 type, __u64 source_mac, __u64 now)
{
	const struct arpl_limits *limits = arpl_limits_now(t);
	const struct arpl_budget *budget;
	struct arpl_budget share;
	int own_mac;

	if (!limits)
		return 0;
	own_mac = type == ARPL_EVENT_OWN_MAC;
	budget = own_mac ? &limits->own_mac_events : &limits->events;
	share = arpl_quarter(budget);
	return arpl_shared_token(t, own_mac ? ARPL_BUCKET_OWN_MACS : ARPL_BUCKET_EVENTS, budget,
				 own_mac ? ARPL_SHARE_OWN_MACS : ARPL_SHARE_EVENTS, &share, source_mac, now);
}

/*
 * Whether a sender may use the trusted TO_CHILD budget. 2: a container has asked for the sender's address,
 * which is mostly its gateway's; the container's kernel has an entry for it, so a full neighbour table does not
 * matter. 1: the sender has announced itself. 0: no.
 */
ARPL_INLINE int arpl_trusted(struct arpl_tables *t, const struct arpl_limits *limits, __be32 sender_ip,
			     __u16 vlan, __u64 now)
{
	__u64 hash = arpl_heard_hash(t, sender_ip, vlan);

	if (arpl_was_heard_filtered(t, limits, ARPL_HEARD_ASKED, hash, now, ARPL_HEARD_NS))
		return 2;
	return arpl_was_heard_filtered(t, limits, ARPL_HEARD_ANNOUNCED, hash, now, ARPL_ANNOUNCED_NS);
}

/* 0 when arpl_trusted() returns 0: the filter has no such address. */
ARPL_INLINE int arpl_may_be_trusted(struct arpl_tables *t, const struct arpl_limits *limits, __be32 sender_ip,
				    __u16 vlan)
{
	__u64 hash = arpl_heard_hash(t, sender_ip, vlan);

	return arpl_may_be_heard(t, limits, ARPL_HEARD_ASKED, hash) ||
	       arpl_may_be_heard(t, limits, ARPL_HEARD_ANNOUNCED, hash);
}

/* Takes a token of the TO_CHILD budget that is open to all senders. */
ARPL_CALLED int arpl_common_token(struct arpl_tables *t, __u64 source_mac, __u64 now)
{
	const struct arpl_limits *limits = arpl_limits_now(t);

	return limits && arpl_shared_token(t, ARPL_BUCKET_TO_CHILD, &limits->to_child, ARPL_SHARE_TO_CHILD,
					   &limits->to_child_source, source_mac, now);
}

ARPL_CALLED int arpl_trusted_token(struct arpl_tables *t, __u64 source_mac, __be32 sender_ip, __u16 vlan,
				   __u64 now)
{
	const struct arpl_limits *limits = arpl_limits_now(t);

	return limits && arpl_trusted(t, limits, sender_ip, vlan, now) > arpl_neigh_full(limits, now) &&
	       arpl_shared_token(t, ARPL_BUCKET_TO_CHILD_TRUSTED, &limits->to_child_trusted, ARPL_SHARE_TRUSTED,
				 &limits->to_child_trusted_source, source_mac, now);
}

/*
 * Takes a token of TO_CHILD, else of the trusted budget. A flood can use up the first one, but it can't keep a
 * gateway's new MAC from the containers. Under a flood two peeks reject most frames. `hot`, here and below:
 * takes nothing, and returns 1 when there may be a token.
 */
ARPL_INLINE int arpl_to_child_token(struct arpl_tables *t, const struct arpl_limits *limits,
				    const struct arpl_arp *arp, __u64 now, int hot)
{
	if (!arpl_neigh_full(limits, now) &&
	    arpl_bucket_peek_at(t, ARPL_BUCKET_TO_CHILD, now, &limits->to_child) &&
	    (hot || arpl_common_token(t, arp->eth_src, now)))
		return 1;
	if (!arpl_bucket_peek_at(t, ARPL_BUCKET_TO_CHILD_TRUSTED, now, &limits->to_child_trusted))
		return 0;
	return hot ? arpl_may_be_trusted(t, limits, arp->sender_ip, arp->vlan)
		   : arpl_trusted_token(t, arp->eth_src, arp->sender_ip, arp->vlan, now);
}

/* Probes create no neighbour entry, so their budget is what the kernels' CPUs can take. */
ARPL_INLINE int arpl_probe_token(struct arpl_tables *t, __u64 now)
{
	const struct arpl_budget probes = {.interval_ns = ARPL_PROBE_INTERVAL_NS,
					   .burst_ns = ARPL_PROBE_BURST_NS};

	return arpl_bucket_take_at(t, ARPL_BUCKET_PROBES, now, &probes);
}

/* Whether the egress program is known to run. Otherwise a kernel's silence proves nothing. */
ARPL_INLINE int arpl_egress_seen(const struct arpl_limits *limits, __u64 now)
{
	return now < limits->egress_seen_ns + ARPL_EGRESS_SEEN_NS;
}

/*
 * Whether this frame may become a check of the endpoint. Not allowed: two checks at a time, a check whose
 * answer egress would not see, a frame whose VLAN is uncertain.
 */
ARPL_CALLED int arpl_check_token(struct arpl_tables *t, __u32 slot, __u64 now)
{
	const struct arpl_limits *limits = arpl_limits_now(t);
	const struct arpl_budget checks = {.interval_ns = ARPL_CHECK_INTERVAL_NS,
					   .burst_ns = ARPL_CHECK_BURST_NS};
	struct arpl_endpoint_stats *stats;
	__u64 at;

	if (!limits || (limits->flags & ARPL_LIMIT_HIDDEN_TAGS) || !arpl_egress_seen(limits, now))
		return 0;
	stats = arpl_stats_at(t, slot);
	if (!stats)
		return 0;
	at = ARPL_READ(&stats->check_at);
	return now >= at + ARPL_CHECK_EVERY_NS && arpl_bucket_take_at(t, ARPL_BUCKET_CHECKS, now, &checks) &&
	       __sync_val_compare_and_swap(&stats->check_at, at, now) == at;
}

/*
 * Takes a token for a frame that a kernel learns from, one neighbour entry each, and that only the kernel can
 * answer. With hidden tags the frame may be for another VLAN, and is not limited.
 */
ARPL_CALLED int arpl_odd_token(struct arpl_tables *t, __u64 source_mac, __u64 now)
{
	const struct arpl_limits *limits = arpl_limits_now(t);
	__u64 *sum = arpl_bucket_at(t, ARPL_BUCKET_ODD);
	__u64 *share;

	if (!limits || limits->odd.interval_ns == 0 || !sum || (limits->flags & ARPL_LIMIT_HIDDEN_TAGS))
		return 1;
	if (!arpl_bucket_peek(sum, now, arpl_budget_at(&limits->odd)))
		return 0;
	share = arpl_share_of(t, ARPL_SHARE_ODD, source_mac);
	return (!share || arpl_bucket_within(share, now, arpl_quarter(&limits->odd))) &&
	       arpl_bucket_within(sum, now, arpl_budget_at(&limits->odd));
}

ARPL_CALLED int arpl_ring_share(struct arpl_tables *t, __u32 slot, __u64 source_mac, int known, __u64 now)
{
	const struct arpl_limits *limits = arpl_limits_now(t);
	struct arpl_endpoint_stats *stats = arpl_stats_at(t, slot);

	return limits && stats &&
	       arpl_bucket_peek(&stats->ring_arrival, now, arpl_budget_at(&limits->ring_endpoint)) &&
	       arpl_shared_token(t, known ? ARPL_BUCKET_RING : ARPL_BUCKET_RING_NEW,
				 known ? &limits->ring : &limits->ring_new, ARPL_SHARE_RING,
				 &limits->ring_source, source_mac, now) &&
	       arpl_bucket_take(&stats->ring_arrival, now, arpl_budget_at(&limits->ring_endpoint));
}

/*
 * With the fast path the ring gets only the frames within these budgets: for known or for new requesters, of
 * the endpoint and of the source MAC.
 */
ARPL_INLINE int arpl_ring_token(struct arpl_tables *t, const struct arpl_limits *limits, __u32 slot,
				__u64 source_mac, int known, __u64 now, int hot)
{
	const struct arpl_budget *sum = known ? &limits->ring : &limits->ring_new;

	/* By default the ring has no budget: then the bucket need not be looked up. */
	return sum->burst_ns >= sum->interval_ns &&
	       arpl_bucket_peek_at(t, known ? ARPL_BUCKET_RING : ARPL_BUCKET_RING_NEW, now, sum) &&
	       (hot || arpl_ring_share(t, slot, source_mac, known, now));
}

/*
 * Opt-in: takes a token of reflect_max for a who-has that the fast path would answer; without one it is
 * dropped. `hot`: returns 0 when there is such a limit.
 */
ARPL_INLINE int arpl_reflect_token(struct arpl_tables *t, const struct arpl_limits *limits, __u64 source_mac,
				   __u64 now, int hot)
{
	__u64 *sum;
	__u64 *share;

	if ((limits->reflect.interval_ns | limits->reflect_source.interval_ns) == 0)
		return 1;
	if (hot)
		return 0;
	sum = arpl_bucket_at(t, ARPL_BUCKET_REFLECT);
	if (!sum)
		return 1;
	share = arpl_share_of(t, ARPL_SHARE_REFLECT, source_mac);
	return arpl_bucket_peek(sum, now, arpl_budget_at(&limits->reflect)) &&
	       (!share || arpl_bucket_within(share, now, arpl_budget_at(&limits->reflect_source))) &&
	       arpl_bucket_within(sum, now, arpl_budget_at(&limits->reflect));
}

/*
 * Opt-in: whether a who-has for an address that is no endpoint's is within limits.foreign. Never limited: an
 * address that this host answers for by other means, a unicast who-has, and a frame whose VLAN is uncertain, as
 * it may be for an endpoint.
 */
ARPL_INLINE int arpl_foreign_token(struct arpl_tables *t, const struct arpl_limits *limits,
				   const struct arpl_arp *arp, __u64 now)
{
	__u64 *word = arpl_bucket_at(t, ARPL_BUCKET_FOREIGN);

	if (limits->foreign.interval_ns == 0 || !word || arp->eth_dst != ARPL_MAC_BROADCAST ||
	    (limits->flags & ARPL_LIMIT_HIDDEN_TAGS))
		return 1;
	return arpl_was_heard(t, ARPL_HEARD_ANSWERED, arp->target_ip, arp->vlan, now, ARPL_HEARD_NS) ||
	       arpl_bucket_within(word, now, arpl_budget_at(&limits->foreign));
}

#endif
