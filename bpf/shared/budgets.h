/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The budgets of the decision: what may be spent on a who-has, and by whom. docs/limits.md gives the reasons. */
#ifndef ARPLINE_SHARED_BUDGETS_H
#define ARPLINE_SHARED_BUDGETS_H

#include "bucket.h"
#include "hash.h"
#include "heard.h"
#include "lookups.h"
#include "packet.h"

ARPL_INLINE int arpl_neigh_full(const struct arpl_limits *limits, __u64 now)
{
	return limits->neigh_full_ns != 0 && now < limits->neigh_full_ns + ARPL_NEIGH_FULL_NS;
}

ARPL_INLINE int arpl_bucket_peek_at(struct arpl_tables *t, __u32 index, __u64 now, struct arpl_budget budget)
{
	__u64 *word = arpl_bucket_at(t, index);

	return word && arpl_bucket_peek(word, now, budget);
}

ARPL_INLINE int arpl_bucket_take_at(struct arpl_tables *t, __u32 index, __u64 now, struct arpl_budget budget)
{
	__u64 *word = arpl_bucket_at(t, index);

	return word && arpl_bucket_take(word, now, budget);
}

/* One source MAC's share: two of them may meet in one bucket, which costs both a part of it. */
ARPL_INLINE __u64 *arpl_share_of(struct arpl_tables *t, enum arpl_source_share share, __u64 source_mac)
{
	__u64 hash =
		arpl_hash(arpl_hash_keys_now(t), (__u32)ARPL_HASH_SHARE + (__u32)share, source_mac, 0, 0, 0, 0);

	return arpl_bucket_at(t, (__u32)ARPL_BUCKET_SOURCES + (__u32)share * ARPL_SOURCE_BUCKETS +
					 ((__u32)hash & (ARPL_SOURCE_BUCKETS - 1)));
}

ARPL_INLINE int arpl_share_take(struct arpl_tables *t, enum arpl_source_share share, __u64 source_mac,
				__u64 now, struct arpl_budget budget)
{
	__u64 *word = arpl_share_of(t, share, source_mac);

	return word && arpl_bucket_take(word, now, budget);
}

/* A share per source MAC, then the sum. Under a flood the peek ends it. */
ARPL_INLINE int arpl_shared_token(struct arpl_tables *t, __u32 sum, struct arpl_budget sum_budget,
				  enum arpl_source_share share, struct arpl_budget share_budget,
				  __u64 source_mac, __u64 now)
{
	return arpl_bucket_peek_at(t, sum, now, sum_budget) &&
	       arpl_share_take(t, share, source_mac, now, share_budget) &&
	       arpl_bucket_take_at(t, sum, now, sum_budget);
}

/*
 * Who may use the trusted share of TO_CHILD: 2 for an address that a container has asked for itself, its gateway above
 * all: the container's kernel has an entry for it, so that the table need not have room. 1 for who has announced itself.
 */
ARPL_INLINE int arpl_trusted(struct arpl_tables *t, const struct arpl_limits *limits,
			     const struct arpl_arp *arp, __u64 now)
{
	if (arp->sender_ip == 0 || !arpl_may_be_heard(t, limits, arp->sender_ip, arp->vlan))
		return 0;
	if (arpl_was_heard(t, ARPL_HEARD_ASKED, arp->sender_ip, arp->vlan, now, ARPL_HEARD_NS))
		return 2;
	return arpl_was_heard(t, ARPL_HEARD_ANNOUNCED, arp->sender_ip, arp->vlan, now, ARPL_ANNOUNCED_NS);
}

/*
 * The TO_CHILD budget. What finds none looks whether it is trusted: a flood can use up the one share, but not hide a
 * gateway's new MAC from the containers.
 */
ARPL_INLINE int arpl_to_child_token(struct arpl_tables *t, const struct arpl_limits *limits,
				    const struct arpl_arp *arp, __u64 now)
{
	int full = arpl_neigh_full(limits, now);

	if (!full && arpl_shared_token(t, ARPL_BUCKET_TO_CHILD, limits->to_child, ARPL_SHARE_TO_CHILD,
				       limits->to_child_source, arp->eth_src, now))
		return 1;
	return arpl_bucket_peek_at(t, ARPL_BUCKET_TO_CHILD_TRUSTED, now, limits->to_child_trusted) &&
	       arpl_trusted(t, limits, arp, now) > full &&
	       arpl_shared_token(t, ARPL_BUCKET_TO_CHILD_TRUSTED, limits->to_child_trusted, ARPL_SHARE_TRUSTED,
				 limits->to_child_trusted_source, arp->eth_src, now);
}

/* Where the fast path is on, the ring gets what this allows: of the class, the endpoint and the source. */
ARPL_INLINE int arpl_ring_token(struct arpl_tables *t, const struct arpl_limits *limits, __u32 slot,
				__u64 source_mac, int known, __u64 now)
{
	struct arpl_endpoint_stats *stats;
	struct arpl_budget sum = known ? limits->ring : limits->ring_new;
	__u32 bucket = known ? ARPL_BUCKET_RING : ARPL_BUCKET_RING_NEW;

	if (!arpl_bucket_peek_at(t, bucket, now, sum))
		return 0;
	stats = arpl_stats_at(t, slot);
	return stats && arpl_bucket_peek(&stats->ring_arrival, now, limits->ring_endpoint) &&
	       arpl_shared_token(t, bucket, sum, ARPL_SHARE_RING, limits->ring_source, source_mac, now) &&
	       arpl_bucket_take(&stats->ring_arrival, now, limits->ring_endpoint);
}

/* Opt-in: beyond reflect_max a who-has that the fast path would answer is dropped. */
ARPL_INLINE int arpl_reflect_token(struct arpl_tables *t, const struct arpl_limits *limits, __u64 source_mac,
				   __u64 now)
{
	__u64 *sum = arpl_bucket_at(t, ARPL_BUCKET_REFLECT);
	__u64 *share;

	if ((limits->reflect.interval_ns | limits->reflect_source.interval_ns) == 0 || !sum)
		return 1;
	share = arpl_share_of(t, ARPL_SHARE_REFLECT, source_mac);
	return arpl_bucket_peek(sum, now, limits->reflect) &&
	       (!share || arpl_bucket_within(share, now, limits->reflect_source)) &&
	       arpl_bucket_within(sum, now, limits->reflect);
}

/*
 * Opt-in: whether a who-has for an address that is no endpoint's is within limits.foreign. What this host answers for,
 * by whatever means, is never limited; nor is unicast, nor what may be an endpoint's behind a tag that nobody sees.
 */
ARPL_INLINE int arpl_foreign_token(struct arpl_tables *t, const struct arpl_limits *limits,
				   const struct arpl_arp *arp, __u64 now)
{
	__u64 *word = arpl_bucket_at(t, ARPL_BUCKET_FOREIGN);

	if (limits->foreign.interval_ns == 0 || !word || arp->eth_dst != ARPL_MAC_BROADCAST ||
	    (limits->flags & ARPL_LIMIT_HIDDEN_TAGS))
		return 1;
	return arpl_was_heard(t, ARPL_HEARD_ANSWERED, arp->target_ip, arp->vlan, now, ARPL_HEARD_NS) ||
	       arpl_bucket_within(word, now, limits->foreign);
}

#endif
