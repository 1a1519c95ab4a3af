/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The steps after the decision about a frame from the wire: count the verdict, keep notes for the endpoint,
 * report to control. A caller that holds the frame (bpf/ingress.bpf.c, engine/worker/engine_ingress.hpp) calls
 * arpl_handle_received() and does to the frame only what that returns.
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

/* The hot path writes one cache line, which it has read already, and the statistics' line once in 134 ms. */
ARPL_INLINE void arpl_count_reflected(struct arpl_tables *t, const struct arpl_limits *limits, __u32 index,
				      struct arpl_slot *slot, const struct arpl_arp *arp, __u64 now)
{
	struct arpl_endpoint_stats *stats;
	__u16 when = (__u16)(now >> ARPL_STAMP_SHIFT);

	if (!slot || !limits)
		return;
	/* A locked addition waits for all earlier stores, those into the frame included. */
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

/* `action`: the class that is carried out, which is ARPL_CLASS_PASS in observe. */
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

/* A who-has sent to another station, which no longer has the address: the requester keeps an outdated entry. */
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

/* Sends an event to control if the budget of its type allows it. */
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

/* Counts a claim of this slot's address and notes the claimant. */
ARPL_INLINE void arpl_count_claim(struct arpl_tables *t, __u32 index, const struct arpl_arp *arp)
{
	struct arpl_endpoint_stats *stats = arpl_stats_at(t, index);

	if (!stats)
		return;
	stats->last_claimant_mac = arp->sender_mac;
	__sync_fetch_and_add(&stats->claims, 1);
}

/*
 * A claim that the wire has heard: the address is contested from now on, which stops announcements but not
 * answers.
 */
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
 * Answers to arpline's own who-has, from an endpoint's gateway to the endpoint or to the parent. The frames
 * still go on to their destination. They need no budget, because each question accepts one answer.
 */

/*
 * Returns 1 for the first reply that an endpoint awaits. In a flood of replies the filter rejects most
 * addresses.
 */
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

/*
 * Returns 1 for the first reply that the parent awaits. The question may have had sender IP 0, so target_ip is
 * not compared.
 */
ARPL_INLINE int arpl_takes_host_answer(struct arpl_tables *t, const struct arpl_arp *reply)
{
	struct arpl_limits *limits = (struct arpl_limits *)arpl_limits_now(t);
	__u64 awaited = ARPL_AWAITS(reply->sender_ip, reply->vlan);

	if (!limits || ARPL_READ(&limits->host_awaits) != awaited || reply->target_mac != limits->parent_mac)
		return 0;
	return __sync_val_compare_and_swap(&limits->host_awaits, awaited, 0) == awaited;
}

/* Returns 1 for the answer to one of arpline's questions and fills in the event but its time. */
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

/* The round-trip time needs the exact time: arpl_now() stands still between two ticks. */
ARPL_INLINE void arpl_report_answer(struct arpl_tables *t, const struct arpl_arp *arp, __u64 now)
{
	struct arpl_event event = {.time_ns = 0, .mac = 0, .address = 0, .vlan = 0, .type = 0};

	if (!arpl_take_answer(t, arp, &event))
		return;
	event.time_ns = arpl_exact_time(t, now);
	arpl_send_event(t, &event);
}

/*
 * Whether to report that one of our MACs came in from the wire. The self-test is excluded: a switch may send it
 * back (VEPA).
 */
ARPL_INLINE int arpl_tells_own_mac(const struct arpl_decision *decision, const struct arpl_arp *arp)
{
	return (decision->verdict == ARPL_own_mac || decision->shared) && arp->op != ARPL_SELF_TEST_OP;
}

/*
 * Whether the MAC belongs to the endpoint's own namespace. Frames between two interfaces of a namespace are
 * their kernel's own business.
 */
ARPL_INLINE int arpl_mac_is_in(struct arpl_tables *t, __u64 mac, const struct arpl_endpoint_stats *stats)
{
	const struct arpl_sender *sender;

	if (!stats || stats->netns == 0)
		return 0;
	sender = arpl_sender_find(t, mac);
	return sender && sender->netns == stats->netns;
}

/*
 * Returns `index` when the frame claims that endpoint's address, which is the frame's sender IP (RFC 5227
 * section 2.4), else ARPL_NO_SLOT. A claim has another sender MAC than the endpoint's. No claim: an endpoint in
 * flux, which its siblings answer for, a duplicate, and a sender MAC of the endpoint's own namespace.
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

/* The endpoint whose address the frame claims; ARPL_NO_SLOT when the frame is no claim. */
ARPL_INLINE __u32 arpl_claimed_slot(struct arpl_tables *t, const struct arpl_arp *arp)
{
	if (arp->sender_ip == 0)
		return ARPL_NO_SLOT;
	return arpl_claim_of(t, arp, arpl_index_find_filtered(t, arp->sender_ip, arp->vlan));
}

/*
 * Notes a check: its requester, for egress, and, at most once a second, one more second without an answer. The
 * third un-confirms the endpoint. Nobody on the wire can make a check fail: the kernel answers a probe whatever
 * its neighbour table, its routes and its rp_filter are.
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

/*
 * Notes that the kernel owes an answer, since the first unanswered who-has that it was handed. A kernel need
 * not answer an odd frame.
 */
ARPL_INLINE void arpl_note_owed(struct arpl_slot *slot, enum arpl_verdict verdict, __u64 now)
{
	if (verdict == ARPL_odd || ARPL_READ(&slot->unanswered_at) > ARPL_READ(&slot->confirmed_at))
		return;
	*(volatile __u64 *)&slot->unanswered_at = now;
}

/*
 * Notes a frame that the endpoint's kernel gets, for egress to recognize the reply. In observe all frames reach
 * the kernel unchanged, so no check was made.
 */
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
 * Notes the content of the frame, whatever its verdict: handed frames, announcements, claims. A frame of a
 * known pair is not examined for a claim; the pair's samples are. Returns the endpoint whose address the frame
 * claims.
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
	/*
	 * Claims are looked for in frames with an own MAC too: a station may send one endpoint's address with
	 * another endpoint's MAC.
	 */
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

/* Whether observe turns the verdict into its would_… counter. */
ARPL_INLINE int arpl_observed(const struct arpl_limits *limits, enum arpl_verdict verdict)
{
	return limits && (limits->flags & ARPL_LIMIT_OBSERVE) && (__u32)verdict >= ARPL_FIRST_ACTING;
}

/* Hands the frame to the ring. Returns 0 after a failure, which gives the frame's credit back. */
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

/*
 * Counts the verdict; no other function does. Returns the class to carry out: PASS, TO_CHILD, RING, REFLECT or
 * DROP.
 */
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
		arpl_count_reflected(t, arpl_limits_now(t), decision->slot, arpl_slot_at(t, decision->slot),
				     arp, now);
	else if (decision->slot != ARPL_NO_SLOT)
		arpl_count_request(t, decision->slot, action, arp, now);
	arpl_count_verdict(t, decision->verdict);
	return action;
}

/*
 * Handles one parsed ARP frame from the wire and returns the class to carry out. `frame` is passed to
 * arpl_put_meta(); `asked`, `queue` and `now` are those of arpl_decide_asked().
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
