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
#include "budgets.h"
#include "hash.h"
#include "index.h"
#include "lookups.h"
#include "packet.h"
#include "pair.h"
#include "slot.h"
#include "verdicts.h"

struct arpl_decision {
	enum arpl_verdict verdict;
	__u32 slot; /* of the endpoint asked for; ARPL_NO_SLOT when there is none */
	__u32 generation;
	__u32 claimed_slot; /* the frame claims this endpoint's address; ARPL_NO_SLOT when it does not */
	__u64 word;	    /* the slot's, as read */
	enum arpl_verdict without_ring; /* instead of ring, should the frame find no way into it */
	int known; /* the endpoint's kernel has answered this requester: it claims nothing */
};

#define ARPL_LOOK_UP 0xfffffffeU /* no slot has this number */

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

/* Row 7. A claim changes nothing here: whoever can send a frame could switch the endpoint off. */
ARPL_INLINE int arpl_slot_served(const struct arpl_slot *slot, __u64 word)
{
	return word != 0 && !(word & ARPL_SLOT_FLAGS_MASK) && !arpl_slot_unanswered(slot);
}

/* Row 10. The kernel answers some of these, in its own way; see docs/verdicts.md. */
ARPL_INLINE int arpl_sender_is_odd(const struct arpl_arp *arp, __be32 netmask)
{
	__u32 sender = arpl_swap32(arp->sender_ip);

	if ((arp->sender_ip ^ arp->target_ip) & netmask)
		return 1;
	if ((sender >> 28) >= 14 || (sender >> 24) == 127 || (sender >> 24) == 0)
		return 1;
	if (arpl_swap32(netmask) < 0xfffffffeU && (arp->sender_ip | netmask) == 0xffffffffU)
		return 1;
	return !arpl_mac_is_unicast(arp->sender_mac) || arp->sender_mac != arp->eth_src ||
	       arp->frame_bytes > ARPL_MAX_SERVED_FRAME_BYTES || !arp->linear;
}

/*
 * Row 13: who answers for the kernel. With the fast path the ring gets its budget and the program answers the rest.
 * Without it the excess of a confirmed pair goes to the child, whose table has an entry for this requester already; that
 * of a new one passes.
 */
ARPL_INLINE enum arpl_verdict arpl_decide_answer(struct arpl_tables *t, const struct arpl_limits *limits,
						 const struct arpl_arp *arp, struct arpl_slot *slot,
						 __u32 queue, __u64 now, struct arpl_decision *out)
{
	if (!(limits->flags & ARPL_LIMIT_FAST_PATH) || (slot->ways & ARPL_WAY_SLOW)) {
		out->without_ring = out->known ? ARPL_to_child_excess : ARPL_over_budget;
		return arpl_ring_admit(t, limits, queue) ? ARPL_ring : out->without_ring;
	}
	out->without_ring = out->known ? ARPL_reflect : ARPL_reflect_new;
	if (arpl_ring_token(t, limits, out->slot, arp->eth_src, out->known, now) &&
	    arpl_ring_admit(t, limits, queue))
		return ARPL_ring;
	return arpl_reflect_token(t, limits, arp->eth_src, now) ? out->without_ring : ARPL_reflect_capped;
}

/* Rows 11 to 13: a regular who-has for a served endpoint. */
ARPL_INLINE enum arpl_verdict arpl_decide_pair(struct arpl_tables *t, const struct arpl_limits *limits,
					       const struct arpl_arp *arp, struct arpl_slot *slot, __u32 queue,
					       __u64 now, struct arpl_decision *out)
{
	__u64 hash = arpl_pair_hash(t, arp->sender_mac, arp->sender_ip, arp->target_ip, arp->vlan);
	__u64 word = *(volatile __u64 *)&slot->last_pair;
	__u64 *pair = arpl_stamp_is(word, arpl_pair_print(hash, out->generation))
			      ? &slot->last_pair
			      : arpl_pair_find(t, limits, hash, out->generation, &word);
	int broadcast = arp->eth_dst == ARPL_MAC_BROADCAST;
	__u64 age_ns = arpl_stamp_age_ns(word, now);

	if (!pair || age_ns >= limits->pair_ttl_ns) {
		if (!broadcast)
			return ARPL_unicast_new;
		if (arpl_to_child_token(t, limits, arp, now))
			return ARPL_to_child_new;
		if (slot->confirmed_at == 0 || (limits->flags & ARPL_LIMIT_HIDDEN_TAGS))
			return ARPL_over_budget;
		return arpl_decide_answer(t, limits, arp, slot, queue, now, out);
	}
	if (age_ns >= limits->pair_ttl_ns / 2 && !(word & ARPL_PAIR_SAMPLED) && !arpl_neigh_full(limits, now) &&
	    __sync_val_compare_and_swap(pair, word, word | ARPL_PAIR_SAMPLED) == word)
		return broadcast ? ARPL_to_child_sample : ARPL_unicast_sample;
	out->known = 1;
	return arpl_decide_answer(t, limits, arp, slot, queue, now, out);
}

/* Rows 6 to 13: a who-has. */
ARPL_INLINE enum arpl_verdict arpl_decide_request(struct arpl_tables *t, const struct arpl_limits *limits,
						  const struct arpl_arp *arp, __u32 asked, __u32 queue,
						  __u64 now, struct arpl_decision *out)
{
	__u32 index = asked == ARPL_LOOK_UP ? arpl_index_find(t, arp->target_ip, arp->vlan) : asked;
	struct arpl_slot *slot = arpl_slot_at(t, index);

	if (!slot)
		return arpl_foreign_token(t, limits, arp, now) ? ARPL_foreign : ARPL_foreign_limited;
	out->slot = index;
	/* Control writes the generation first: a new word never comes with an old generation. */
	out->word = ARPL_READ(&slot->word);
	out->generation = ARPL_READ(&slot->generation);
	if (!arpl_slot_served(slot, out->word))
		return ARPL_not_served;
	if (arp->eth_dst != ARPL_MAC_BROADCAST && arp->eth_dst != out->word)
		return ARPL_other_destination;
	if (arp->sender_ip == 0)
		return arp->eth_dst == ARPL_MAC_BROADCAST && arpl_to_child_token(t, limits, arp, now)
			       ? ARPL_to_child_probe
			       : ARPL_probe;
	if (arpl_sender_is_odd(arp, slot->netmask))
		return ARPL_odd;
	return arpl_decide_pair(t, limits, arp, slot, queue, now, out);
}

/* Rows 0 to 5, then the rest. */
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
	if (arpl_mac_is_own(t, arp->eth_src) ||
	    (arp->sender_mac != arp->eth_src && arpl_mac_is_own(t, arp->sender_mac)))
		return ARPL_own_mac;
	if (arp->op != ARPL_OP_REQUEST)
		return arp->op == ARPL_OP_REPLY ? ARPL_reply : ARPL_other_op;
	if (arp->sender_ip == arp->target_ip)
		return ARPL_announcement;
	return arpl_decide_request(t, limits, arp, asked, queue, now, out);
}

/*
 * Whose address the frame claims (RFC 5227 section 2.4): sender IP an endpoint's, sender MAC not its. An endpoint in
 * flux is answered for by a sibling, which is no claim. ARPL_NO_SLOT when there is no claim.
 */
ARPL_INLINE __u32 arpl_claimed_slot(struct arpl_tables *t, const struct arpl_arp *arp)
{
	__u32 index =
		arp->sender_ip == 0 ? ARPL_NO_SLOT : arpl_index_find_filtered(t, arp->sender_ip, arp->vlan);
	const struct arpl_slot *slot = arpl_slot_at(t, index);
	__u64 word;

	if (!slot)
		return ARPL_NO_SLOT;
	word = ARPL_READ(&slot->word);
	if (word == 0 || (word & (ARPL_SLOT_FLUX | ARPL_SLOT_DUPLICATE)) ||
	    (word & ARPL_MAC_MASK) == arp->sender_mac)
		return ARPL_NO_SLOT;
	return index;
}

/*
 * The verdict for one ARP frame that came in on `queue`. `now` is the time; spends budgets and credit. A frame of a
 * confirmed pair is not looked at for a claim: it is when it goes to the child. `asked`: the slot that the frame asks for,
 * where the caller has looked already, or ARPL_LOOK_UP.
 */
ARPL_INLINE void arpl_decide_asked(struct arpl_tables *t, enum arpl_parsed parsed, const struct arpl_arp *arp,
				   __u32 asked, __u32 queue, __u64 now, struct arpl_decision *out)
{
	const struct arpl_limits *limits = arpl_limits_now(t);

	out->slot = ARPL_NO_SLOT;
	out->claimed_slot = ARPL_NO_SLOT;
	out->generation = 0;
	out->word = 0;
	out->without_ring = ARPL_over_budget;
	out->known = 0;
	out->verdict = arpl_decide_frame(t, limits, parsed, arp, asked, queue, now, out);
	if (out->verdict < ARPL_own_mac || out->known)
		return;
	/* A MAC of ours from the wire too: somebody may send one endpoint's address with another one's MAC. */
	out->claimed_slot = arpl_claimed_slot(t, arp);
	if (out->verdict == ARPL_own_mac)
		return;
	if (arp->sender_ip == arp->target_ip && arp->sender_ip != 0)
		arpl_hear(t, ARPL_HEARD_ANNOUNCED, arp->sender_ip, arp->vlan, now);
}

ARPL_INLINE void arpl_decide(struct arpl_tables *t, enum arpl_parsed parsed, const struct arpl_arp *arp,
			     __u32 queue, __u64 now, struct arpl_decision *out)
{
	arpl_decide_asked(t, parsed, arp, ARPL_LOOK_UP, queue, now, out);
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
	if (slot->unanswered + 1 >= ARPL_MAX_UNANSWERED && arpl_neigh_full(limits, now))
		return;
	__sync_fetch_and_add(&slot->unanswered, 1);
	if (slot->unanswered >= ARPL_MAX_UNANSWERED)
		*(volatile __u64 *)&slot->confirmed_at = 0;
}

/* Records a claim: from now on the address is contested, which is for announcing and reporting; it is answered for as before. */
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
	struct arpl_slot *slot = arpl_slot_at(t, arpl_index_find(t, arp->sender_ip, arp->vlan));
	__u32 generation;
	__u64 hash;

	if (!slot || arp->op != ARPL_OP_REPLY || arp->sender_mac == 0 || arp->sender_ip == arp->target_ip ||
	    arp->eth_src != arp->sender_mac || arp->eth_dst != arp->target_mac ||
	    (*(volatile __u64 *)&slot->word & ARPL_MAC_MASK) != arp->sender_mac)
		return 0;
	if (arp->target_ip != 0) {
		hash = arpl_pair_hash(t, arp->target_mac, arp->target_ip, arp->sender_ip, arp->vlan);
		generation = *(volatile __u32 *)&slot->generation;
		arpl_pair_confirm(t, hash, generation, now);
		*(volatile __u64 *)&slot->last_pair = arpl_stamp_word(arpl_pair_print(hash, generation), now);
	}
	*(volatile __u64 *)&slot->confirmed_at = now;
	*(volatile __u32 *)&slot->unanswered = 0;
	return 1;
}

#endif
