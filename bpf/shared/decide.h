/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The decision: one ARP frame, one verdict. BPF and C++ compile this file; there is no second classifier. Row
 * numbers are those of the table in docs/verdicts.md.
 *
 * The includer defines struct arpl_tables and the functions that lookups.h declares. In BPF the tables are the
 * maps and the struct is empty.
 */
#ifndef ARPLINE_SHARED_DECIDE_H
#define ARPLINE_SHARED_DECIDE_H

#include <linux/types.h>

#include "abi.h"
#include "budgets.h"
#include "hash.h"
#include "lookups.h"
#include "packet.h"
#include "recent.h"
#include "verdicts.h"

struct arpl_decision {
	enum arpl_verdict verdict;
	__u32 slot; /* of the endpoint that the frame asks for; ARPL_NO_SLOT: none */
	__u32 generation;
	__u64 word;			/* the slot's word, as the decision has read it */
	enum arpl_verdict without_ring; /* replaces the verdict `ring` when the frame can't enter the ring */
	int known;	   /* the endpoint's kernel has answered this requester, so the frame is no claim */
	__u32 sender_slot; /* the endpoint whose address is the sender IP; ARPL_LOOK_UP: not looked up yet */
	int shared; /* a child has taken the requester's MAC, so a kernel's reply would stay inside the host */
	int handed; /* the endpoint's kernel gets the frame unchanged, and its reply confirms */
	struct arpl_slot *at; /* the slot, where `slot` is one */
	/*
	 * Set on the hot way (hot.h), a constant there: only reflect and reflect_new count, and nothing may have
	 * been changed before any other verdict, because the frame is then decided once more.
	 */
	int hot;
};

ARPL_INLINE int arpl_mac_is_unicast(__u64 mac)
{
	return mac != 0 && !(mac & ARPL_MAC_MULTICAST_BIT);
}

/*
 * Whether the window allows one more frame. The difference is signed: a worker that gave a lost frame's credit
 * back too early must not count as one that is far behind.
 */
ARPL_INLINE int arpl_credit_left(const struct arpl_credit *c, __u64 window)
{
	return (__s64)(ARPL_READ(&c->sent) - ARPL_READ(&c->consumed)) < (__s64)window;
}

/* Takes one credit of the queue's ring; returns 0 when the ring has no reader or no credit left. */
ARPL_INLINE int arpl_ring_admit(struct arpl_tables *t, const struct arpl_limits *limits, __u32 queue)
{
	struct arpl_credit *c;

	if (limits->flags & ARPL_LIMIT_OBSERVE)
		return 1; /* observe has no sockets: count the frames that would have entered the ring */
	c = arpl_credit_at(t, queue);
	if (!c || !arpl_credit_left(c, limits->credit_window))
		return 0;
	__sync_fetch_and_add(&c->sent, 1);
	return 1;
}

/*
 * Whether arpline may answer any requester for this endpoint: its kernel has confirmed it, and the frame's VLAN
 * is certain.
 */
ARPL_INLINE int arpl_may_answer_anybody(const struct arpl_limits *limits, const struct arpl_slot *slot,
					__u64 now)
{
	return arpl_slot_confirmed(slot, now) && !(limits->flags & ARPL_LIMIT_HIDDEN_TAGS);
}

/* Row 10, by the frame itself. The kernel answers most of these frames in its own way; see docs/verdicts.md. */
ARPL_INLINE int arpl_frame_is_odd(const struct arpl_arp *arp)
{
	return !arpl_mac_is_unicast(arp->sender_mac) || arp->sender_mac != arp->eth_src || arp->ieee802 ||
	       arp->frame_bytes > ARPL_MAX_SERVED_FRAME_BYTES || !arp->linear;
}

/* Row 11: the sender IP is no host's, so that no kernel answers it. */
ARPL_INLINE int arpl_sender_is_no_host(const struct arpl_arp *arp, __be32 netmask)
{
	__u32 sender = arpl_swap32(arp->sender_ip);

	if ((sender >> 28) >= 14 || (sender >> 24) == 127 || (sender >> 24) == 0)
		return 1;
	return arpl_swap32(netmask) < 0xfffffffeU && arp->sender_ip == (arp->target_ip | ~netmask);
}

/* Row 11: the container's routes and rp_filter decide whether its kernel answers such a requester. */
ARPL_INLINE int arpl_sender_is_outside(const struct arpl_arp *arp, __be32 netmask)
{
	return ((arp->sender_ip ^ arp->target_ip) & netmask) != 0;
}

/* Row 11, by another address of the endpoint's own namespace: its kernel takes the sender for a martian. */
ARPL_INLINE int arpl_sender_is_martian(struct arpl_tables *t, const struct arpl_arp *arp,
				       struct arpl_decision *out)
{
	const struct arpl_endpoint_stats *asked;
	const struct arpl_endpoint_stats *sender;

	if (out->hot &&
	    arpl_filter_may(t, arpl_endpoint_bit(arpl_hash_keys_now(t)->factor, arp->sender_ip, arp->vlan)))
		return 1;
	out->sender_slot = arpl_index_find_filtered(t, arp->sender_ip, arp->vlan);
	if (out->sender_slot == ARPL_NO_SLOT)
		return 0;
	sender = arpl_stats_at(t, out->sender_slot);
	asked = arpl_stats_at(t, out->slot);
	return sender && asked && sender->netns != 0 && sender->netns == asked->netns;
}

/* The verdict of row 10, and of row 11 for a frame that only the kernel can answer. */
ARPL_INLINE enum arpl_verdict arpl_decide_odd(struct arpl_tables *t, const struct arpl_arp *arp,
					      enum arpl_verdict within, __u64 now, struct arpl_decision *out)
{
	if (!out->hot && !arpl_odd_token(t, arp->eth_src, now))
		return ARPL_odd_limited;
	out->handed = 1;
	return within;
}

/* The kernel was handed a who-has, or was checked, at least a second ago and has not answered since. */
ARPL_INLINE int arpl_answer_is_owed(const struct arpl_slot *slot, __u64 now)
{
	__u64 owes_since = ARPL_READ(&slot->unanswered_at);

	return __builtin_expect(owes_since > ARPL_READ(&slot->confirmed_at), 0) &&
	       now >= owes_since + ARPL_SECOND_NS;
}

/*
 * Whether to check the endpoint: its kernel owes an answer, or half of ARPL_CONFIRMED_NS has passed since its
 * last one.
 */
ARPL_INLINE int arpl_check_is_due(const struct arpl_slot *slot, __u64 now)
{
	__u64 confirmed_at = ARPL_READ(&slot->confirmed_at);

	if (ARPL_READ(&slot->unanswered_at) > confirmed_at)
		return arpl_answer_is_owed(slot, now);
	return confirmed_at != 0 && now >= confirmed_at + ARPL_CONFIRMED_NS / 2;
}

ARPL_INLINE int arpl_may_check(struct arpl_tables *t, const struct arpl_decision *out, __u64 now)
{
	return out->hot || (!out->shared && arpl_check_token(t, out->slot, now));
}

/* No verdict yet: row 13 decides. */
#define ARPL_ANSWER ARPL_WIRE_VERDICTS

/*
 * Row 13: the ring or the program answers for the kernel. With the fast path, the ring gets the frames within
 * its budget and the program answers the rest. Without it, the excess of a known pair goes to the child, whose
 * kernel has an entry for the requester already; the excess of a new requester passes.
 */
ARPL_INLINE enum arpl_verdict arpl_decide_answer(struct arpl_tables *t, const struct arpl_limits *limits,
						 const struct arpl_arp *arp, struct arpl_slot *slot,
						 __u32 queue, __u64 now, struct arpl_decision *out)
{
	if (!(limits->flags & ARPL_LIMIT_FAST_PATH) || (slot->flags & ARPL_FLAG_SLOW)) {
		if (out->hot)
			return ARPL_ring;
		out->without_ring = arp->sender_ip == 0		 ? ARPL_probe
				    : !out->known || out->shared ? ARPL_over_budget
								 : ARPL_to_child_excess;
		return arpl_ring_admit(t, limits, queue) ? ARPL_ring : out->without_ring;
	}
	out->without_ring = out->known ? ARPL_reflect : ARPL_reflect_new;
	if (arpl_ring_token(t, limits, out->slot, arp->eth_src, out->known, now, out->hot) &&
	    (out->hot || arpl_ring_admit(t, limits, queue)))
		return ARPL_ring;
	return arpl_reflect_token(t, limits, arp->eth_src, now, out->hot) ? out->without_ring
									  : ARPL_reflect_capped;
}

/*
 * Row 7: the endpoint has left three checks unanswered. A who-has that its kernel could answer becomes a check,
 * once a second, so that the endpoint recovers by itself.
 */
ARPL_INLINE enum arpl_verdict arpl_decide_silent(struct arpl_tables *t, const struct arpl_arp *arp,
						 struct arpl_slot *slot, __u64 now, struct arpl_decision *out)
{
	if ((arp->eth_dst != ARPL_MAC_BROADCAST && arp->eth_dst != out->word) ||
	    !arpl_check_is_due(slot, now) || arpl_frame_is_odd(arp))
		return ARPL_not_served;
	if (arp->sender_ip != 0 &&
	    (arpl_sender_is_outside(arp, slot->netmask) || arpl_sender_is_no_host(arp, slot->netmask) ||
	     arpl_sender_is_martian(t, arp, out)))
		return ARPL_not_served;
	return arpl_may_check(t, out, now) ? ARPL_to_child_check : ARPL_not_served;
}

/* Row 9: a probe. The kernel makes no neighbour entry for it and answers even when its table is full. */
ARPL_INLINE enum arpl_verdict arpl_decide_probe(struct arpl_tables *t, const struct arpl_limits *limits,
						const struct arpl_arp *arp, struct arpl_slot *slot, __u64 now,
						struct arpl_decision *out)
{
	if (!out->shared && arpl_probe_token(t, now)) {
		out->handed = 1;
		return arp->eth_dst == ARPL_MAC_BROADCAST ? ARPL_to_child_probe : ARPL_probe;
	}
	if (arpl_frame_is_odd(arp))
		return ARPL_probe;
	if (arpl_may_answer_anybody(limits, slot, now))
		return ARPL_ANSWER;
	return arpl_may_check(t, out, now) ? ARPL_to_child_check : ARPL_probe;
}

/*
 * Row 11: a requester that the kernel has not answered yet. The kernel learns from such a frame, so a budget
 * limits both unicast and broadcast. Nothing but its own answer tells whether the kernel answers a requester
 * outside the subnet, so nobody answers that one in its place.
 */
ARPL_INLINE enum arpl_verdict arpl_decide_new(struct arpl_tables *t, const struct arpl_limits *limits,
					      const struct arpl_arp *arp, struct arpl_slot *slot, __u64 now,
					      struct arpl_decision *out)
{
	int broadcast = arp->eth_dst == ARPL_MAC_BROADCAST;
	int outside = arpl_sender_is_outside(arp, slot->netmask);

	if (arpl_sender_is_no_host(arp, slot->netmask) || arpl_sender_is_martian(t, arp, out))
		return arpl_decide_odd(t, arp, ARPL_odd, now, out);
	if (!outside && arpl_check_is_due(slot, now) && arpl_may_check(t, out, now))
		return ARPL_to_child_check;
	if (!out->shared && arpl_to_child_token(t, limits, arp, now, out->hot)) {
		out->handed = 1;
		return broadcast ? ARPL_to_child_new : ARPL_unicast_new;
	}
	if (outside)
		return arpl_decide_odd(t, arp, ARPL_odd, now, out);
	if (arpl_may_answer_anybody(limits, slot, now))
		return ARPL_ANSWER;
	if (arpl_may_check(t, out, now))
		return ARPL_to_child_check;
	return broadcast ? ARPL_over_budget : arpl_decide_odd(t, arp, ARPL_unicast_new, now, out);
}

/* Rows 11 to 13: a who-has of a regular form for a served endpoint. */
ARPL_INLINE enum arpl_verdict arpl_decide_pair(struct arpl_tables *t, const struct arpl_limits *limits,
					       const struct arpl_arp *arp, struct arpl_slot *slot, __u64 now,
					       struct arpl_decision *out)
{
	__u64 hash = arpl_pair_hash(t, arp->sender_mac, arp->sender_ip, arp->target_ip, arp->vlan);
	__u64 word = *(volatile __u64 *)&slot->last_pair;
	__u64 *pair = arpl_stamp_is(word, arpl_pair_print(hash, out->generation))
			      ? &slot->last_pair
			      : arpl_pair_find(t, limits, hash, out->generation, &word);
	__u64 age_ns = arpl_stamp_age_ns(word, now);

	if (!pair || age_ns >= limits->pair_ttl_ns)
		return arpl_decide_new(t, limits, arp, slot, now, out);
	if (arpl_answer_is_owed(slot, now) && arpl_may_check(t, out, now))
		return ARPL_to_child_check;
	if (age_ns >= limits->pair_ttl_ns / 2 && !(word & ARPL_PAIR_SAMPLED) && !out->shared &&
	    !arpl_neigh_full(limits, now) && arpl_to_child_token(t, limits, arp, now, out->hot) &&
	    (out->hot || __sync_val_compare_and_swap(pair, word, word | ARPL_PAIR_SAMPLED) == word)) {
		out->handed = 1;
		return arp->eth_dst == ARPL_MAC_BROADCAST ? ARPL_to_child_sample : ARPL_unicast_sample;
	}
	out->known = 1;
	return ARPL_ANSWER;
}

/* Rows 7 to 12: an endpoint that has no flag and is not withdrawn. */
ARPL_INLINE enum arpl_verdict arpl_decide_endpoint(struct arpl_tables *t, const struct arpl_limits *limits,
						   const struct arpl_arp *arp, struct arpl_slot *slot,
						   __u64 now, struct arpl_decision *out)
{
	if (arpl_slot_unanswered(slot) && arpl_egress_seen(limits, now))
		return out->hot ? ARPL_not_served : arpl_decide_silent(t, arp, slot, now, out);
	if (arp->eth_dst != ARPL_MAC_BROADCAST && arp->eth_dst != out->word)
		return arp->eth_dst & ARPL_MAC_MULTICAST_BIT ? arpl_decide_odd(t, arp, ARPL_odd, now, out)
							     : ARPL_other_destination;
	if (arp->sender_ip == 0)
		return out->hot ? ARPL_probe : arpl_decide_probe(t, limits, arp, slot, now, out);
	if (arpl_frame_is_odd(arp))
		return arpl_decide_odd(t, arp, ARPL_odd, now, out);
	return arpl_decide_pair(t, limits, arp, slot, now, out);
}

/* Rows 6 to 13: a who-has. A claim has no effect on the answer, as anybody can send one. */
ARPL_INLINE enum arpl_verdict arpl_decide_request(struct arpl_tables *t, const struct arpl_limits *limits,
						  const struct arpl_arp *arp, __u32 asked, __u32 queue,
						  __u64 now, struct arpl_decision *out)
{
	__u32 index = asked == ARPL_LOOK_UP ? arpl_index_find(t, arp->target_ip, arp->vlan) : asked;
	struct arpl_slot *slot = arpl_slot_at(t, index);
	enum arpl_verdict verdict;

	if (!slot)
		return out->hot || arpl_foreign_token(t, limits, arp, now) ? ARPL_foreign
									   : ARPL_foreign_limited;
	out->slot = index;
	out->at = slot;
	/*
	 * The word is read first because control writes the generation first: a new word then never comes with
	 * an old generation.
	 */
	out->word = ARPL_READ(&slot->word);
	out->generation = ARPL_READ(&slot->generation);
	if (out->word == 0 || (out->word & ARPL_SLOT_FLAGS_MASK))
		return ARPL_not_served;
	verdict = arpl_decide_endpoint(t, limits, arp, slot, now, out);
	if (verdict != ARPL_ANSWER)
		return verdict;
	verdict = arpl_decide_answer(t, limits, arp, slot, queue, now, out);
	if (verdict == ARPL_over_budget && arp->eth_dst != ARPL_MAC_BROADCAST)
		return arpl_decide_odd(t, arp, ARPL_unicast_new, now, out);
	return verdict;
}

/*
 * Row 3: the MAC of the parent or of a child. A MAC that a station on the wire had first does not count as own;
 * it sets `shared`.
 */
ARPL_INLINE int arpl_mac_is_own(struct arpl_tables *t, __u64 mac, struct arpl_decision *out)
{
	const struct arpl_sender *sender;

	if (out->hot)
		return arpl_filter_may(t, arpl_mac_bit(arpl_hash_keys_now(t)->factor, mac));
	sender = arpl_sender_find(t, mac);
	if (!sender)
		return 0;
	if (!sender->shared)
		return 1;
	out->shared = 1;
	return 0;
}

/* Rows 0 to 5; a who-has continues with row 6. */
ARPL_INLINE enum arpl_verdict arpl_decide_frame(struct arpl_tables *t, const struct arpl_limits *limits,
						enum arpl_parsed parsed, const struct arpl_arp *arp,
						__u32 asked, __u32 queue, __u64 now, struct arpl_decision *out)
{
	if (!limits || now >= arpl_lease_expires(t))
		return ARPL_lease_expired;
	if (parsed == ARPL_PARSED_MALFORMED)
		return ARPL_malformed;
	if (parsed == ARPL_PARSED_TAGS)
		return ARPL_tags;
	if (arpl_mac_is_own(t, arp->eth_src, out) ||
	    (arp->sender_mac != arp->eth_src && arpl_mac_is_own(t, arp->sender_mac, out)))
		return ARPL_own_mac;
	if (arp->op != ARPL_OP_REQUEST)
		return arp->op == ARPL_OP_REPLY ? ARPL_reply : ARPL_other_op;
	if (arp->sender_ip == arp->target_ip)
		return ARPL_announcement;
	return arpl_decide_request(t, limits, arp, asked, queue, now, out);
}

/*
 * Decides one ARP frame that came in on `queue`; takes from budgets and credit. `asked`: the slot of the
 * frame's target IP when the caller has looked it up already, else ARPL_LOOK_UP. `out->hot` is the caller's.
 */
ARPL_INLINE void arpl_decide_with(struct arpl_tables *t, const struct arpl_limits *limits,
				  enum arpl_parsed parsed, const struct arpl_arp *arp, __u32 asked, __u32 queue,
				  __u64 now, struct arpl_decision *out)
{
	out->slot = ARPL_NO_SLOT;
	out->generation = 0;
	out->word = 0;
	out->at = 0;
	out->without_ring = ARPL_over_budget;
	out->known = 0;
	out->sender_slot = ARPL_LOOK_UP;
	out->shared = 0;
	out->handed = 0;
	out->verdict = arpl_decide_frame(t, limits, parsed, arp, asked, queue, now, out);
}

ARPL_INLINE void arpl_decide_asked(struct arpl_tables *t, enum arpl_parsed parsed, const struct arpl_arp *arp,
				   __u32 asked, __u32 queue, __u64 now, struct arpl_decision *out)
{
	out->hot = 0;
	arpl_decide_with(t, arpl_limits_now(t), parsed, arp, asked, queue, now, out);
}

ARPL_INLINE void arpl_decide(struct arpl_tables *t, enum arpl_parsed parsed, const struct arpl_arp *arp,
			     __u32 queue, __u64 now, struct arpl_decision *out)
{
	arpl_decide_asked(t, parsed, arp, ARPL_LOOK_UP, queue, now, out);
}

#endif
