/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Egress: an ARP frame that this host sends. A kernel's answer confirms its pair and endpoint, the frames of
 * each MAC are counted, claims are noted. A caller that holds the frame (bpf/egress.bpf.c) calls
 * arpl_handle_sent() and does to the frame only what that returns.
 */
#ifndef ARPLINE_SHARED_EGRESS_H
#define ARPLINE_SHARED_EGRESS_H

#include "act.h"
#include "sent.h"

/*
 * Returns 1 once for the reply to a check and sets `requester` to the check's requester. In observe there are
 * no checks.
 */
ARPL_INLINE int arpl_take_checked(struct arpl_tables *t, struct arpl_endpoint_stats *stats, __u64 requester_mac,
				  __u64 now, __be32 *requester)
{
	const struct arpl_limits *limits = arpl_limits_now(t);

	if (!stats || !limits || (limits->flags & ARPL_LIMIT_OBSERVE) || requester_mac == 0 ||
	    ARPL_READ(&stats->check_mac) != requester_mac || now > ARPL_READ(&stats->check_at) + ARPL_CHECK_NS)
		return 0;
	*requester = stats->check_requester;
	return __sync_val_compare_and_swap(&stats->check_mac, requester_mac, 0) == requester_mac;
}

/*
 * Returns 1 when the frame is an endpoint's reply that confirms: Ethernet source, sender MAC and sender IP are
 * the slot's, and the kernel was asked just now. A container that sends replies without being asked confirms
 * nothing. The reply confirms the endpoint, and the pair unless it answers a probe. When `requester` is not 0
 * afterwards, the reply answers a check and has to go to this requester.
 */
ARPL_INLINE int arpl_confirm(struct arpl_tables *t, const struct arpl_arp *arp, __u64 now, __be32 *requester)
{
	__u32 index = arpl_index_find(t, arp->sender_ip, arp->vlan);
	struct arpl_slot *slot = arpl_slot_at(t, index);
	__u32 generation;
	__u64 hash;

	*requester = 0;
	if (!slot || arp->op != ARPL_OP_REPLY || arp->ieee802 || arp->sender_mac == 0 ||
	    arp->sender_ip == arp->target_ip || arp->eth_src != arp->sender_mac ||
	    arp->eth_dst != arp->target_mac || (ARPL_READ(&slot->word) & ARPL_MAC_MASK) != arp->sender_mac)
		return 0;
	hash = arpl_pair_hash(t, arp->target_mac, arp->target_ip, arp->sender_ip, arp->vlan);
	if (arp->target_ip != 0) {
		if (!arpl_take_handed(t, hash, now))
			return 0;
		generation = ARPL_READ(&slot->generation);
		arpl_pair_confirm(t, hash, generation, now);
		*(volatile __u64 *)&slot->last_pair = arpl_stamp_word(arpl_pair_print(hash, generation), now);
	} else if (!arpl_take_checked(t, arpl_stats_at(t, index), arp->target_mac, now, requester) &&
		   !arpl_take_handed(t, hash, now)) {
		return 0;
	}
	*(volatile __u64 *)&slot->confirmed_at = now;
	*(volatile __u32 *)&slot->unanswered = 0;
	arpl_hear_station(t, arp->target_mac, now);
	return 1;
}

enum arpl_claim_policy {
	ARPL_CLAIM_ALERT,
	ARPL_CLAIM_WOULD_DROP, /* in observe */
	ARPL_CLAIM_DROP,
};

ARPL_INLINE int arpl_mac_is_hosts(struct arpl_tables *t, __u64 mac)
{
	const struct arpl_sender *sender = arpl_sender_find(t, mac);

	return sender && sender->host;
}

/*
 * Decides about a claim of this slot's address. A claim is dropped only when the configuration asks for it and
 * a daemon lives. The sender MAC decides, whatever the Ethernet source is. Never dropped: frames of the host
 * itself, and claims while the endpoint's interface is down, as another node may be taking over its address.
 */
ARPL_INLINE enum arpl_claim_policy arpl_judge_claim(struct arpl_tables *t, __u32 claimed,
						    const struct arpl_arp *arp, __u64 now)
{
	const struct arpl_limits *limits = arpl_limits_now(t);
	const struct arpl_slot *slot = arpl_slot_at(t, claimed);
	__u64 word;

	if (!slot || !limits || !(limits->flags & ARPL_LIMIT_CLAIMS_DROP) || now >= arpl_lease_expires(t))
		return ARPL_CLAIM_ALERT;
	word = ARPL_READ(&slot->word);
	if ((word & ARPL_SLOT_DOWN) ||
	    (arpl_mac_is_hosts(t, arp->eth_src) && arpl_mac_is_hosts(t, arp->sender_mac)))
		return ARPL_CLAIM_ALERT;
	return limits->flags & ARPL_LIMIT_OBSERVE ? ARPL_CLAIM_WOULD_DROP : ARPL_CLAIM_DROP;
}

/*
 * Notes the addresses that containers have asked for, and those that this host answers for beside its
 * endpoints. A container's probe does not count: it makes no entry in the container's neighbour table.
 */
ARPL_INLINE void arpl_hear_sent(struct arpl_tables *t, const struct arpl_arp *arp, int own, int by_container,
				__u64 now)
{
	if (arp->sender_ip == arp->target_ip) {
		/* A virtual address may have just moved here: the next who-has for it must get through. */
		if (own && arpl_index_find(t, arp->sender_ip, arp->vlan) == ARPL_NO_SLOT)
			arpl_hear(t, ARPL_HEARD_ANSWERED, arp->sender_ip, arp->vlan, now);
		return;
	}
	if (arp->op == ARPL_OP_REPLY)
		arpl_hear(t, ARPL_HEARD_ANSWERED, arp->sender_ip, arp->vlan, now);
	else if (arp->op == ARPL_OP_REQUEST && by_container && arp->sender_ip != 0)
		arpl_hear(t, ARPL_HEARD_ASKED, arp->target_ip, arp->vlan, now);
}

/*
 * Reports a MAC that is nobody's here. The budget is its own, because machines behind a bridge may send all the
 * time.
 */
ARPL_INLINE void arpl_report_stranger(struct arpl_tables *t, const struct arpl_arp *arp, __u64 now)
{
	const struct arpl_budget once = {.interval_ns = ARPL_STRANGER_NS, .burst_ns = ARPL_STRANGER_NS};
	const struct arpl_event event = {.time_ns = now,
					 .mac = arp->sender_mac,
					 .address = arp->sender_ip,
					 .vlan = arp->vlan,
					 .type = ARPL_EVENT_STRANGER};

	if (!arpl_sender_find(t, arp->sender_mac) && arpl_bucket_take_at(t, ARPL_BUCKET_STRANGERS, now, &once))
		arpl_send_event(t, &event);
}

/* Counts a frame of an own MAC, so that status shows which container floods. */
ARPL_INLINE void arpl_count_sent(struct arpl_sender *sender, const struct arpl_arp *arp)
{
	if (arp->sender_ip == arp->target_ip)
		__sync_fetch_and_add(&sender->announcements, 1);
	else if (arp->op == ARPL_OP_REQUEST)
		__sync_fetch_and_add(&sender->requests, 1);
	else if (arp->op == ARPL_OP_REPLY)
		__sync_fetch_and_add(&sender->replies, 1);
}

/* The wire does not hear a dropped claim, so the endpoint does not become contested. */
ARPL_INLINE enum arpl_sent arpl_handle_claim(struct arpl_tables *t, __u32 claimed, const struct arpl_arp *arp,
					     struct arpl_egress_stats *stats, __u64 now)
{
	enum arpl_claim_policy policy = arpl_judge_claim(t, claimed, arp, now);

	stats->claims++;
	if (policy == ARPL_CLAIM_DROP) {
		stats->claims_dropped++;
		arpl_count_claim(t, claimed, arp);
		arpl_report(t, arp, ARPL_EVENT_CLAIM_DROPPED, now);
		return ARPL_SENT_DROPPED;
	}
	stats->would_drop_claims += policy == ARPL_CLAIM_WOULD_DROP;
	arpl_note_claim(t, claimed, arp, ARPL_EVENT_CLAIM_FROM_HOST, now);
	return ARPL_SENT_CLAIMS;
}

/*
 * Handles one parsed ARP frame that this host sends. When `requester` is not 0 afterwards, the caller writes it
 * into the frame as the target IP.
 */
ARPL_INLINE enum arpl_sent arpl_handle_sent(struct arpl_tables *t, const struct arpl_arp *arp, __u64 now,
					    __be32 *requester)
{
	struct arpl_egress_stats *stats = arpl_egress_stats_now(t);
	struct arpl_sender *sender;
	__u32 claimed;

	*requester = 0;
	if (!stats)
		return ARPL_SENT_HEARD;
	stats->seen++;
	if (arp->op == ARPL_SELF_TEST_OP && arp->eth_src == arp->eth_dst) {
		stats->self_tests++;
		return ARPL_SENT_SELF_TEST;
	}
	sender = arpl_sender_find(t, arp->eth_src);
	if (sender)
		arpl_count_sent(sender, arp);
	else
		stats->strangers++;
	if (arpl_confirm(t, arp, now, requester)) {
		stats->confirmed++;
		return ARPL_SENT_CONFIRMS;
	}
	/* Strangers before claims: the claim may be an endpoint whose new interface has not been found yet. */
	arpl_report_stranger(t, arp, now);
	claimed = arpl_claimed_slot(t, arp);
	if (claimed == ARPL_NO_SLOT) {
		arpl_hear_sent(t, arp, !!sender, sender && !sender->host, now);
		return ARPL_SENT_HEARD;
	}
	if (sender)
		__sync_fetch_and_add(&sender->claims, 1);
	return arpl_handle_claim(t, claimed, arp, stats, now);
}

#endif
