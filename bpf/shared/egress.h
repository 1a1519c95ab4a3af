/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What egress makes of a frame that this host sends. Compiled for BPF and, for its tests, for C++. */
#ifndef ARPLINE_SHARED_EGRESS_H
#define ARPLINE_SHARED_EGRESS_H

#include "decide.h"

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
 * What becomes of a claim of this slot's address: dropped only where somebody asked for it and a daemon lives. The ARP
 * sender decides, whatever Ethernet source it comes with; what the host itself sends is never dropped, and while the
 * endpoint's interface is down somebody else may be taking its place.
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
 * Whose answer a container waits for, and what this host answers for beside its endpoints. A probe makes no entry in the
 * container's neighbour table: it asks for nobody.
 */
ARPL_INLINE void arpl_hear_sent(struct arpl_tables *t, const struct arpl_arp *arp, int own, int by_container,
				__u64 now)
{
	if (arp->sender_ip == arp->target_ip) {
		/* A virtual address that has just come here: who asks for it next must get through. */
		if (own && arpl_index_find(t, arp->sender_ip, arp->vlan) == ARPL_NO_SLOT)
			arpl_hear(t, ARPL_HEARD_ANSWERED, arp->sender_ip, arp->vlan, now);
		return;
	}
	if (arp->op == ARPL_OP_REPLY)
		arpl_hear(t, ARPL_HEARD_ANSWERED, arp->sender_ip, arp->vlan, now);
	else if (arp->op == ARPL_OP_REQUEST && by_container && arp->sender_ip != 0)
		arpl_hear(t, ARPL_HEARD_ASKED, arp->target_ip, arp->vlan, now);
}

#endif
