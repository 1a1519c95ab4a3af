/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What follows the decision about a frame from the wire: it is counted, noted for its endpoint, told to control. Whoever
 * has the frame in his hands (bpf/ingress.bpf.c, engine/worker/engine_ingress.hpp) calls arpl_handle_received() and does
 * to the frame what it returns, nothing else.
 */
#ifndef ARPLINE_SHARED_ACT_H
#define ARPLINE_SHARED_ACT_H

#include "decide.h"
#include "hash.h"

ARPL_INLINE void arpl_note_requester(struct arpl_endpoint_stats *stats, const struct arpl_arp *arp, __u64 now)
{
	stats->last_seen = now;
	stats->last_requester_mac = arp->sender_mac;
	stats->last_requester = arp->sender_ip;
}

/* The hot path: one cache line that has been read already; the other one seldom. */
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

/* `action`: what becomes of it; ARPL_CLASS_PASS also in observe. */
ARPL_INLINE void arpl_count_request(struct arpl_tables *t, __u32 index, enum arpl_class action,
				    const struct arpl_arp *arp, __u64 now)
{
	struct arpl_endpoint_stats *stats = arpl_stats_at(t, index);

	if (!stats)
		return;
	__sync_fetch_and_add(&stats->requests, 1);
	if (action == ARPL_CLASS_TO_CHILD)
		__sync_fetch_and_add(&stats->to_child, 1);
	else if (action == ARPL_CLASS_RING)
		__sync_fetch_and_add(&stats->ringed, 1);
	else if (action == ARPL_CLASS_DROP)
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

/* An event for control, within the budget of its kind. */
ARPL_INLINE void arpl_report(struct arpl_tables *t, const struct arpl_arp *arp, __u16 type, __u64 now)
{
	const struct arpl_event event = {.time_ns = now,
					 .mac = arp->sender_mac,
					 .address = arp->sender_ip,
					 .vlan = arp->vlan,
					 .type = type};

	if (arpl_event_token(t, type, arp->eth_src, now))
		arpl_send_event(t, &event);
}

/* A claim of this slot's address: counted. */
ARPL_INLINE void arpl_count_claim(struct arpl_tables *t, __u32 index, const struct arpl_arp *arp)
{
	struct arpl_endpoint_stats *stats = arpl_stats_at(t, index);

	if (!stats)
		return;
	stats->last_claimant_mac = arp->sender_mac;
	__sync_fetch_and_add(&stats->claims, 1);
}

/* One that the wire has heard: the address is contested from now on, which is for announcing; it is answered for as before. */
ARPL_INLINE void arpl_note_claim(struct arpl_tables *t, __u32 index, const struct arpl_arp *arp, __u16 type,
				 __u64 now)
{
	struct arpl_slot *slot = arpl_slot_at(t, index);

	if (!slot)
		return;
	ARPL_WRITE(&slot->claimed_at, now);
	arpl_count_claim(t, index, arp);
	arpl_report(t, arp, type, now);
}

/*
 * The answers that arpline has asked for: of an endpoint's gateway, to the endpoint or to the parent. They go on to who
 * they are for. Each question has one answer at most, so they need no budget.
 */

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

/* 1 for the first answer to what the parent awaits, whose question may have come from no address. */
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

/* The round-trip time needs a clock that does not stand still between two ticks. */
ARPL_INLINE void arpl_report_answer(struct arpl_tables *t, const struct arpl_arp *arp, __u64 now)
{
	struct arpl_event event = {.time_ns = 0, .mac = 0, .address = 0, .vlan = 0, .type = 0};

	if (!arpl_take_answer(t, arp, &event))
		return;
	event.time_ns = arpl_exact_time(t, now);
	arpl_send_event(t, &event);
}

/* A MAC of ours came in from the wire; not only the self-test, which a switch sends back (vepa). */
ARPL_INLINE int arpl_tells_own_mac(const struct arpl_decision *decision, const struct arpl_arp *arp)
{
	return (decision->verdict == ARPL_own_mac || decision->shared) && arp->op != ARPL_SELF_TEST_OP;
}

/* Two numbers of one namespace: what one of its MACs says of another's address is its kernel's own business. */
ARPL_INLINE int arpl_mac_is_in(struct arpl_tables *t, __u64 mac, const struct arpl_endpoint_stats *stats)
{
	const struct arpl_sender *sender;

	if (!stats || stats->netns == 0)
		return 0;
	sender = arpl_sender_find(t, mac);
	return sender && sender->netns == stats->netns;
}

/*
 * Whether the frame claims the address of this endpoint, which its sender IP is (RFC 5227 section 2.4): its sender MAC is
 * not the endpoint's. An endpoint in flux is answered for by a sibling, and any by another MAC of its own namespace, which
 * is no claim. The endpoint, or ARPL_NO_SLOT.
 */
ARPL_INLINE __u32 arpl_claim_of(struct arpl_tables *t, const struct arpl_arp *arp, __u32 index)
{
	const struct arpl_slot *slot = arpl_slot_at(t, index);
	__u64 word;

	if (!slot)
		return ARPL_NO_SLOT;
	word = ARPL_READ(&slot->word);
	if (word == 0 || (word & (ARPL_SLOT_FLUX | ARPL_SLOT_DUPLICATE)) ||
	    (word & ARPL_MAC_MASK) == arp->sender_mac ||
	    arpl_mac_is_in(t, arp->sender_mac, arpl_stats_at(t, index)))
		return ARPL_NO_SLOT;
	return index;
}

/* Whose address the frame claims; ARPL_NO_SLOT when there is no claim. */
ARPL_INLINE __u32 arpl_claimed_slot(struct arpl_tables *t, const struct arpl_arp *arp)
{
	if (arp->sender_ip == 0)
		return ARPL_NO_SLOT;
	return arpl_claim_of(t, arp, arpl_index_find_filtered(t, arp->sender_ip, arp->vlan));
}

/*
 * A check was sent: whose who-has it was, for egress, and one second more without an answer, at most. The third un-confirms
 * the endpoint. Nobody on the wire can make a check fail: the kernel answers a probe whatever its table, its routes and its
 * rp_filter say.
 */
ARPL_INLINE void arpl_note_check(struct arpl_slot *slot, struct arpl_endpoint_stats *stats,
				 const struct arpl_arp *arp, __u64 now)
{
	__u64 at = ARPL_READ(&slot->unanswered_at);

	stats->check_requester = arp->sender_ip;
	*(volatile __u64 *)&stats->check_mac = arp->sender_mac;
	if (now < at + ARPL_SECOND_NS || __sync_val_compare_and_swap(&slot->unanswered_at, at, now) != at)
		return;
	__sync_fetch_and_add(&slot->unanswered, 1);
	if (slot->unanswered >= ARPL_MAX_UNANSWERED)
		*(volatile __u64 *)&slot->confirmed_at = 0;
}

/* The kernel owes an answer since it was handed the first who-has that it has not answered; what is odd it need not answer. */
ARPL_INLINE void arpl_note_owed(struct arpl_slot *slot, enum arpl_verdict verdict, __u64 now)
{
	if (verdict == ARPL_odd || ARPL_READ(&slot->unanswered_at) > ARPL_READ(&slot->confirmed_at))
		return;
	*(volatile __u64 *)&slot->unanswered_at = now;
}

/* What egress has to know of a frame that the endpoint's kernel gets. In observe it gets every frame as it came. */
ARPL_INLINE void arpl_note_handed(struct arpl_tables *t, const struct arpl_limits *limits,
				  const struct arpl_arp *arp, __u64 now, const struct arpl_decision *out)
{
	int observe = !!(limits->flags & ARPL_LIMIT_OBSERVE);
	struct arpl_endpoint_stats *stats = arpl_stats_at(t, out->slot);
	struct arpl_slot *slot = arpl_slot_at(t, out->slot);

	if (!slot)
		return;
	if (out->verdict == ARPL_to_child_check && !observe) {
		if (stats)
			arpl_note_check(slot, stats, arp, now);
		return;
	}
	arpl_hand(t, arpl_pair_hash(t, arp->sender_mac, arp->sender_ip, arp->target_ip, arp->vlan), now);
	if (!observe)
		arpl_note_owed(slot, out->verdict, now);
}

/*
 * What the frame says, whatever becomes of it. A frame of a confirmed pair is not looked at for a claim: it is when it goes
 * to the child. Returns the endpoint whose address it claims.
 */
ARPL_INLINE __u32 arpl_note_said(struct arpl_tables *t, const struct arpl_arp *arp, struct arpl_decision *d,
				 __u64 now)
{
	const struct arpl_limits *limits = arpl_limits_now(t);
	__u32 claimed;

	if (d->verdict < ARPL_own_mac || d->known)
		return ARPL_NO_SLOT;
	ARPL_FORGET(d->verdict, now);
	ARPL_FORGET(d->handed, now);
	ARPL_FORGET(d->shared, now);
	ARPL_FORGET(d->sender_slot, now);
	ARPL_FORGET(d->slot, now);
	if (limits && (d->handed || d->verdict == ARPL_to_child_check))
		arpl_note_handed(t, limits, arp, now, d);
	/* A MAC of ours from the wire too: somebody may send one endpoint's address with another one's MAC. */
	claimed = d->sender_slot == ARPL_LOOK_UP ? arpl_claimed_slot(t, arp)
						 : arpl_claim_of(t, arp, d->sender_slot);
	if (d->verdict != ARPL_own_mac && arp->sender_ip == arp->target_ip && arp->sender_ip != 0)
		arpl_hear(t, ARPL_HEARD_ANNOUNCED, arp->sender_ip, arp->vlan, now);
	return claimed;
}

ARPL_INLINE void arpl_note_received(struct arpl_tables *t, const struct arpl_arp *arp,
				    struct arpl_decision *decision, __u64 now)
{
	__u32 claimed = arpl_note_said(t, arp, decision, now);

	if (arpl_tells_own_mac(decision, arp))
		arpl_report(t, arp, ARPL_EVENT_OWN_MAC, now);
	if (decision->verdict == ARPL_reply)
		arpl_report_answer(t, arp, now);
	if (decision->verdict == ARPL_other_destination)
		arpl_note_misdirected(t, decision->slot, arp, now);
	if (claimed != ARPL_NO_SLOT)
		arpl_note_claim(t, claimed, arp, ARPL_EVENT_CLAIM_FROM_WIRE, now);
}

ARPL_INLINE void arpl_count_verdict(struct arpl_tables *t, __u32 counter)
{
	struct arpl_verdict_counts *counts = arpl_verdicts_now(t);

	if (counts && counter < ARPL_VERDICT_COUNTERS)
		ARPL_WRITE(&((__u64 *)counts)[counter], ((__u64 *)counts)[counter] + 1);
}

/* Whether the verdict is only counted as what would have become of the frame. */
ARPL_INLINE int arpl_observed(const struct arpl_limits *limits, enum arpl_verdict verdict)
{
	return limits && (limits->flags & ARPL_LIMIT_OBSERVE) && (__u32)verdict >= ARPL_FIRST_ACTING;
}

/* Hands the frame to the ring; 0: it can't, and has given its credit back. */
ARPL_INLINE int arpl_hand_to_ring(struct arpl_tables *t, void *frame, const struct arpl_decision *decision,
				  __u32 queue, __u64 now)
{
	const struct arpl_ring_meta meta = {
		.slot = decision->slot, .generation = decision->generation, .time_ns = now};
	struct arpl_credit *c;

	if (arpl_put_meta(t, frame, &meta))
		return 1;
	c = arpl_credit_at(t, queue);
	if (c)
		__sync_fetch_and_add(&c->sent, -1);
	return 0;
}

/* The only place that counts a verdict. What is to be done with the frame: PASS, TO_CHILD, RING, REFLECT or DROP. */
ARPL_INLINE enum arpl_class arpl_act(struct arpl_tables *t, void *frame, const struct arpl_arp *arp,
				     __u32 queue, __u64 now, struct arpl_decision *decision)
{
	enum arpl_class action = arpl_class_of(decision->verdict);

	if (arpl_observed(arpl_limits_now(t), decision->verdict)) {
		if (decision->slot != ARPL_NO_SLOT)
			arpl_count_request(t, decision->slot, ARPL_CLASS_PASS, arp, now);
		arpl_count_verdict(t, arpl_would_index(decision->verdict));
		return ARPL_CLASS_PASS;
	}
	if (action == ARPL_CLASS_RING && !arpl_hand_to_ring(t, frame, decision, queue, now)) {
		decision->verdict = decision->without_ring;
		action = arpl_class_of(decision->verdict);
	}
	if (action == ARPL_CLASS_REFLECT)
		arpl_count_reflected(t, decision->slot, arp, now);
	else if (decision->slot != ARPL_NO_SLOT)
		arpl_count_request(t, decision->slot, action, arp, now);
	arpl_count_verdict(t, decision->verdict);
	return action;
}

/*
 * One ARP frame from the wire, parsed, in all: what is to be done with it. `frame` is for arpl_put_meta(); `asked`, `queue`
 * and `now` as for arpl_decide_asked().
 */
ARPL_INLINE enum arpl_class arpl_handle_received(struct arpl_tables *t, void *frame, enum arpl_parsed parsed,
						 const struct arpl_arp *arp, __u32 asked, __u32 queue,
						 __u64 now, struct arpl_decision *decision)
{
	arpl_decide_asked(t, parsed, arp, asked, queue, now, decision);
	arpl_note_received(t, arp, decision, now);
	return arpl_act(t, frame, arp, queue, now, decision);
}

#endif
