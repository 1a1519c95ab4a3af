/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The decision: one ARP frame, one verdict. Compiled for BPF and for C++; there is no second classifier.
 * docs/verdicts.md describes the table row by row; the row numbers below are its.
 *
 * The includer defines struct arpl_tables and the look-ups declared first. In BPF the tables are the maps and the
 * struct is empty.
 */
#ifndef ARPLINE_SHARED_DECIDE_H
#define ARPLINE_SHARED_DECIDE_H

#include <linux/types.h>

#include "abi.h"
#include "bucket.h"
#include "packet.h"
#include "siphash.h"
#include "slot.h"
#include "verdicts.h"

#define ARPL_INLINE static inline __attribute__((always_inline))

/* Pair words: fingerprint (32 bits) | age stamp (31 bits) | sampled (1 bit). A stamp wraps after nine years. */
#define ARPL_PAIR_SAMPLED 1ULL
#define ARPL_PAIR_STAMP_SHIFT 27 /* 134 ms */
#define ARPL_PAIR_STAMP_MASK 0x7fffffffULL

struct arpl_tables;

/* Look-ups, each of them NULL or 0 when there is nothing. */
ARPL_INLINE __u64 arpl_lease_expires(struct arpl_tables *t);
ARPL_INLINE const struct arpl_limits *arpl_limits_now(struct arpl_tables *t);
ARPL_INLINE int arpl_mac_is_own(struct arpl_tables *t, __u64 mac);
ARPL_INLINE const struct arpl_endpoint *arpl_endpoint_find(struct arpl_tables *t,
							   const struct arpl_endpoint_key *key);
ARPL_INLINE struct arpl_slot *arpl_slot_at(struct arpl_tables *t, __u32 slot);
ARPL_INLINE __u64 *arpl_pair_at(struct arpl_tables *t, __u32 index);
ARPL_INLINE __u64 *arpl_bucket_at(struct arpl_tables *t, __u32 index);
ARPL_INLINE __u64 arpl_hash_key(struct arpl_tables *t, __u32 half);
/* Takes one credit of this queue's ring; 0 when there is no socket or no credit. */
ARPL_INLINE int arpl_ring_admit(struct arpl_tables *t, const struct arpl_limits *limits, __u32 queue);

struct arpl_decision {
	enum arpl_verdict verdict;
	__u32 slot; /* of the endpoint asked for; ARPL_NO_SLOT when there is none */
	__u32 generation;
	__u32 claimed_slot; /* the frame claims this endpoint's address; ARPL_NO_SLOT when it does not */
	__u64 word;	    /* the slot's, as read */
	enum arpl_verdict without_ring; /* instead of ring, should the frame find no way into it */
};

#define ARPL_NO_SLOT 0xffffffffU

ARPL_INLINE struct arpl_endpoint_key arpl_key_of(__be32 address, __u16 vlan)
{
	struct arpl_endpoint_key key = {.address = address, .vlan = vlan, .zero = 0};

	return key;
}

ARPL_INLINE int arpl_mac_is_unicast(__u64 mac)
{
	return mac != 0 && !(mac & ARPL_MAC_MULTICAST_BIT);
}

/*
 * Whether the window allows one frame more. Signed: a worker that gave a lost frame's credit back too early must not
 * look like one that is far behind.
 */
ARPL_INLINE int arpl_credit_left(const struct arpl_credit *c, __u64 window)
{
	return (__s64)(*(const volatile __u64 *)&c->sent - *(const volatile __u64 *)&c->consumed) <
	       (__s64)window;
}

/* The keyed hash of a pair: its low bits are the index, its high 32 bits the fingerprint. */
ARPL_INLINE __u64 arpl_pair_hash(struct arpl_tables *t, __u64 requester_mac, __be32 requester, __be32 endpoint,
				 __u16 vlan, __u32 generation)
{
	return arpl_siphash3(arpl_hash_key(t, 0), arpl_hash_key(t, 1), requester_mac | (__u64)vlan << 48,
			     (__u64)requester << 32 | endpoint, generation);
}

ARPL_INLINE __u64 arpl_pair_word(__u64 hash, __u64 now)
{
	return (hash & 0xffffffff00000000ULL) | ((now >> ARPL_PAIR_STAMP_SHIFT) & ARPL_PAIR_STAMP_MASK) << 1;
}

/* Age in nanoseconds, to a stamp's grain. */
ARPL_INLINE __u64 arpl_pair_age_ns(__u64 word, __u64 now)
{
	__u64 stamp = (word >> 1) & ARPL_PAIR_STAMP_MASK;

	return (((now >> ARPL_PAIR_STAMP_SHIFT) - stamp) & ARPL_PAIR_STAMP_MASK) << ARPL_PAIR_STAMP_SHIFT;
}

ARPL_INLINE int arpl_pair_is(__u64 word, __u64 hash)
{
	return word != 0 && (word >> 32) == (hash >> 32);
}

/* Row 7. */
ARPL_INLINE int arpl_slot_served(const struct arpl_slot *slot, __u64 word, __u64 now)
{
	return word != 0 && !(word & ARPL_SLOT_FLAGS_MASK) && !arpl_slot_unanswered(slot) &&
	       !arpl_slot_contested(slot, now);
}

/* Row 10. The kernel answers some of these, in its own way; see docs/verdicts.md. */
ARPL_INLINE int arpl_sender_is_odd(const struct arpl_arp *arp, const struct arpl_endpoint *endpoint)
{
	__u32 sender = arpl_swap32(arp->sender_ip);
	__u32 mask = endpoint->prefix_bits == 0 ? 0 : 0xffffffffU << (32 - endpoint->prefix_bits);
	__u32 host = sender & ~mask;

	if ((sender ^ arpl_swap32(arp->target_ip)) & mask)
		return 1;
	if ((sender >> 28) >= 14 || (sender >> 24) == 127 || (sender >> 24) == 0)
		return 1;
	if (endpoint->prefix_bits < 31 && host == ~mask)
		return 1;
	return !arpl_mac_is_unicast(arp->sender_mac) || arp->sender_mac != arp->eth_src ||
	       arp->frame_bytes > ARPL_MAX_SERVED_FRAME_BYTES || !arp->linear;
}

/* The TO_CHILD budget: a share per source MAC, then the sum. Under a flood the peek ends it. */
ARPL_INLINE int arpl_to_child_token(struct arpl_tables *t, const struct arpl_limits *limits, __u64 source_mac,
				    __u64 now)
{
	__u64 *all = arpl_bucket_at(t, ARPL_BUCKET_TO_CHILD);
	__u64 *one;
	__u64 hash;

	if (now < limits->neigh_full_ns + ARPL_NEIGH_FULL_NS && limits->neigh_full_ns != 0)
		return 0;
	if (!all || !arpl_bucket_peek(all, now, limits->to_child_interval_ns, limits->to_child_burst_ns))
		return 0;
	hash = arpl_siphash3(arpl_hash_key(t, 0), arpl_hash_key(t, 1), source_mac, 0, 0);
	one = arpl_bucket_at(t, ARPL_BUCKET_SOURCES + (__u32)(hash & (ARPL_SOURCE_BUCKETS - 1)));
	if (!one || !arpl_bucket_take(one, now, limits->source_interval_ns, limits->source_burst_ns))
		return 0;
	return arpl_bucket_take(all, now, limits->to_child_interval_ns, limits->to_child_burst_ns);
}

/* Row 13 for a confirmed pair. Its requester already has a neighbour entry: the excess costs the table nothing. */
ARPL_INLINE enum arpl_verdict arpl_decide_confirmed(struct arpl_tables *t, const struct arpl_limits *limits,
						    __u32 queue, struct arpl_decision *out)
{
	out->without_ring = ARPL_to_child_excess;
	return arpl_ring_admit(t, limits, queue) ? ARPL_ring : ARPL_to_child_excess;
}

/* Row 11, above the budget. The requester may have no neighbour entry, so what finds no credit passes. */
ARPL_INLINE enum arpl_verdict arpl_decide_over_budget(struct arpl_tables *t, const struct arpl_limits *limits,
						      const struct arpl_slot *slot, __u32 queue,
						      struct arpl_decision *out)
{
	out->without_ring = ARPL_over_budget;
	if (slot->confirmed_at == 0 || (limits->flags & ARPL_LIMIT_HIDDEN_TAGS))
		return ARPL_over_budget;
	return arpl_ring_admit(t, limits, queue) ? ARPL_ring : ARPL_over_budget;
}

/* Rows 11 to 13: a regular who-has for a served endpoint. */
ARPL_INLINE enum arpl_verdict arpl_decide_pair(struct arpl_tables *t, const struct arpl_limits *limits,
					       const struct arpl_arp *arp, const struct arpl_slot *slot,
					       __u32 queue, __u64 now, struct arpl_decision *out)
{
	__u64 hash =
		arpl_pair_hash(t, arp->sender_mac, arp->sender_ip, arp->target_ip, arp->vlan, out->generation);
	__u64 *pair = arpl_pair_at(t, (__u32)hash & (ARPL_MAX_PAIRS - 1));
	__u64 word = pair ? *(volatile __u64 *)pair : 0;
	int broadcast = arp->eth_dst == ARPL_MAC_BROADCAST;
	int full = limits->neigh_full_ns != 0 && now < limits->neigh_full_ns + ARPL_NEIGH_FULL_NS;
	__u64 age_ns = arpl_pair_age_ns(word, now);

	if (!pair || !arpl_pair_is(word, hash) || age_ns >= limits->pair_ttl_ns) {
		if (!broadcast)
			return ARPL_unicast_new;
		if (arpl_to_child_token(t, limits, arp->eth_src, now))
			return ARPL_to_child_new;
		return arpl_decide_over_budget(t, limits, slot, queue, out);
	}
	if (age_ns >= limits->pair_ttl_ns / 2 && !(word & ARPL_PAIR_SAMPLED) && !full &&
	    __sync_val_compare_and_swap(pair, word, word | ARPL_PAIR_SAMPLED) == word)
		return broadcast ? ARPL_to_child_sample : ARPL_unicast_sample;
	return arpl_decide_confirmed(t, limits, queue, out);
}

/* Rows 6 to 13: a who-has. */
ARPL_INLINE enum arpl_verdict arpl_decide_request(struct arpl_tables *t, const struct arpl_limits *limits,
						  const struct arpl_arp *arp, __u32 queue, __u64 now,
						  struct arpl_decision *out)
{
	struct arpl_endpoint_key key = arpl_key_of(arp->target_ip, arp->vlan);
	const struct arpl_endpoint *endpoint = arpl_endpoint_find(t, &key);
	struct arpl_slot *slot = endpoint ? arpl_slot_at(t, endpoint->slot) : 0;

	if (!slot)
		return ARPL_foreign;
	out->slot = endpoint->slot;
	/* Control writes the generation first: a new word never comes with an old generation. */
	out->word = *(volatile __u64 *)&slot->word;
	out->generation = *(volatile __u32 *)&slot->generation;
	if (!arpl_slot_served(slot, out->word, now))
		return ARPL_not_served;
	if (arp->eth_dst != ARPL_MAC_BROADCAST && arp->eth_dst != out->word)
		return ARPL_other_destination;
	if (arp->sender_ip == 0)
		return arp->eth_dst == ARPL_MAC_BROADCAST && arpl_to_child_token(t, limits, arp->eth_src, now)
			       ? ARPL_to_child_probe
			       : ARPL_probe;
	if (arpl_sender_is_odd(arp, endpoint))
		return ARPL_odd;
	return arpl_decide_pair(t, limits, arp, slot, queue, now, out);
}

/* Rows 0 to 5, then the rest. */
ARPL_INLINE enum arpl_verdict arpl_decide_frame(struct arpl_tables *t, const struct arpl_limits *limits,
						enum arpl_parsed parsed, const struct arpl_arp *arp,
						__u32 queue, __u64 now, struct arpl_decision *out)
{
	if (!limits || now >= arpl_lease_expires(t))
		return ARPL_lease_expired;
	if (parsed == ARPL_PARSED_MALFORMED)
		return ARPL_malformed;
	if (parsed == ARPL_PARSED_TAGS)
		return ARPL_tags;
	if (arpl_mac_is_own(t, arp->eth_src) ||
	    (arp->sender_mac != arp->eth_src && arpl_mac_is_own(t, arp->sender_mac)))
		return ARPL_own_mac;
	if (arp->op != ARPL_OP_REQUEST)
		return arp->op == ARPL_OP_REPLY ? ARPL_reply : ARPL_other_op;
	if (arp->sender_ip == arp->target_ip)
		return ARPL_announcement;
	return arpl_decide_request(t, limits, arp, queue, now, out);
}

/*
 * Whose address the frame claims (RFC 5227 section 2.4): sender IP an endpoint's, sender MAC not its. An endpoint in
 * flux is answered for by a sibling, which is no claim. ARPL_NO_SLOT when there is no claim.
 */
ARPL_INLINE __u32 arpl_claimed_slot(struct arpl_tables *t, const struct arpl_arp *arp)
{
	struct arpl_endpoint_key key = arpl_key_of(arp->sender_ip, arp->vlan);
	const struct arpl_endpoint *endpoint;
	const struct arpl_slot *slot;
	__u64 word;

	if (arp->sender_ip == 0)
		return ARPL_NO_SLOT;
	endpoint = arpl_endpoint_find(t, &key);
	slot = endpoint ? arpl_slot_at(t, endpoint->slot) : 0;
	if (!slot)
		return ARPL_NO_SLOT;
	word = *(const volatile __u64 *)&slot->word;
	if (word == 0 || (word & (ARPL_SLOT_FLUX | ARPL_SLOT_DUPLICATE)) ||
	    (word & ARPL_MAC_MASK) == arp->sender_mac)
		return ARPL_NO_SLOT;
	return endpoint->slot;
}

/*
 * The verdict for one ARP frame that came in on `queue`. `now` is the time; spends budgets and credit. A frame that
 * goes to the ring is not looked at for a claim: its pair was, when it went to the child.
 */
ARPL_INLINE void arpl_decide(struct arpl_tables *t, enum arpl_parsed parsed, const struct arpl_arp *arp,
			     __u32 queue, __u64 now, struct arpl_decision *out)
{
	const struct arpl_limits *limits = arpl_limits_now(t);

	out->slot = ARPL_NO_SLOT;
	out->claimed_slot = ARPL_NO_SLOT;
	out->generation = 0;
	out->word = 0;
	out->without_ring = ARPL_over_budget;
	out->verdict = arpl_decide_frame(t, limits, parsed, arp, queue, now, out);
	if (out->verdict > ARPL_own_mac && out->verdict != ARPL_ring)
		out->claimed_slot = arpl_claimed_slot(t, arp);
}

/*
 * A TO_CHILD was sent: one second more without an answer, at most. The third un-confirms the endpoint, unless the
 * neighbour table was full meanwhile: then its kernel could not answer.
 */
ARPL_INLINE void arpl_count_unanswered(const struct arpl_limits *limits, struct arpl_slot *slot, __u64 now)
{
	__u64 at = *(volatile __u64 *)&slot->unanswered_at;

	if (now < at + ARPL_SECOND_NS || __sync_val_compare_and_swap(&slot->unanswered_at, at, now) != at)
		return;
	if (slot->unanswered + 1 >= ARPL_MAX_UNANSWERED && limits->neigh_full_ns != 0 &&
	    now < limits->neigh_full_ns + ARPL_NEIGH_FULL_NS)
		return;
	__sync_fetch_and_add(&slot->unanswered, 1);
	if (slot->unanswered >= ARPL_MAX_UNANSWERED)
		*(volatile __u64 *)&slot->confirmed_at = 0;
}

/* Records a claim; from now on the endpoint is contested, without anybody else's help. */
ARPL_INLINE void arpl_note_claim(struct arpl_slot *slot, struct arpl_endpoint_stats *stats, __u64 claimant_mac,
				 __u64 now)
{
	*(volatile __u64 *)&slot->claimed_at = now;
	stats->last_claimant_mac = claimant_mac;
	__sync_fetch_and_add(&stats->claims, 1);
}

/*
 * What a kernel's reply confirms: 1 when Ethernet source, sender MAC and sender IP are the slot's. The pair is
 * written, unless the reply answers a probe, and the endpoint has answered.
 */
ARPL_INLINE int arpl_confirm(struct arpl_tables *t, const struct arpl_arp *arp, __u64 now)
{
	struct arpl_endpoint_key key = arpl_key_of(arp->sender_ip, arp->vlan);
	const struct arpl_endpoint *endpoint = arpl_endpoint_find(t, &key);
	struct arpl_slot *slot = endpoint ? arpl_slot_at(t, endpoint->slot) : 0;
	__u64 hash;
	__u64 *pair;

	if (!slot || arp->op != ARPL_OP_REPLY || arp->sender_mac == 0 || arp->sender_ip == arp->target_ip ||
	    arp->eth_src != arp->sender_mac || arp->eth_dst != arp->target_mac ||
	    (*(volatile __u64 *)&slot->word & ARPL_MAC_MASK) != arp->sender_mac)
		return 0;
	if (arp->target_ip != 0) {
		hash = arpl_pair_hash(t, arp->target_mac, arp->target_ip, arp->sender_ip, arp->vlan,
				      *(volatile __u32 *)&slot->generation);
		pair = arpl_pair_at(t, (__u32)hash & (ARPL_MAX_PAIRS - 1));
		if (pair)
			*(volatile __u64 *)pair = arpl_pair_word(hash, now);
	}
	*(volatile __u64 *)&slot->confirmed_at = now;
	*(volatile __u32 *)&slot->unanswered = 0;
	return 1;
}

#endif
