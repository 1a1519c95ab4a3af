/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hot way: what decide.h and act.h do with the frame of a storm, and nothing else. A storm repeats one
 * frame, the plain broadcast who-has without a tag, and gets one answer, REFLECT. With a frame known so far the
 * compiler takes from the decision what can't happen to it; whatever else turns out leaves the hot way before
 * anything has changed, and the frame goes the general one.
 */
#ifndef ARPLINE_SHARED_HOT_H
#define ARPLINE_SHARED_HOT_H

#include "act.h"
#include "reply.h"

#define ARPL_HOT_BYTES 60U /* a who-has as NICs pad it */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/*
 * Parses the 42 bytes at `p`; returns 1 for a broadcast who-has, Ethernet and IPv4, without a tag, whose
 * Ethernet source is the sender MAC. `arp` is then what arpl_parse() makes of it, but for the target MAC.
 * `bytes`: the frame's length.
 */
ARPL_INLINE int arpl_hot_parse(const __u8 *p, __u32 bytes, struct arpl_arp *arp)
{
	__u64 op_and_sender = arpl_load64(p + 20);

	if (arpl_load64(p + 12) != 0x0406000801000608ULL || (__u16)op_and_sender != 0x0100 ||
	    (arpl_load64(p + 4) ^ op_and_sender) != (0xffffULL ^ 0x0100ULL) || arpl_load32(p) != 0xffffffffU)
		return 0;
	arp->eth_dst = ARPL_MAC_BROADCAST;
	arp->eth_src = op_and_sender >> 16;
	arp->sender_mac = arp->eth_src;
	arp->target_mac = 0; /* no rule reads it */
	arp->sender_ip = arpl_load32(p + 28);
	arp->target_ip = arpl_load32(p + 38);
	arp->op = ARPL_OP_REQUEST;
	arp->vlan = 0;
	arp->arp_offset = ARPL_ETH_BYTES;
	arp->tags = 0;
	arp->frame_bytes = bytes;
	arp->linear = 1;
	arp->ieee802 = 0;
	return 1;
}
#else
ARPL_INLINE int arpl_hot_parse(const __u8 *p, __u32 bytes, struct arpl_arp *arp)
{
	return 0;
}
#endif

/* The limits in force; NULL when they close the hot way. With ARPL_LIMIT_FRAGS a frame may be in pieces. */
ARPL_INLINE const struct arpl_limits *arpl_hot_limits(struct arpl_tables *t)
{
	const struct arpl_limits *limits = arpl_limits_now(t);

	if (!limits || (limits->flags & (ARPL_LIMIT_FAST_PATH | ARPL_LIMIT_OBSERVE | ARPL_LIMIT_FRAGS)) !=
			       ARPL_LIMIT_FAST_PATH)
		return 0;
	return limits;
}

/*
 * Handles a frame of arpl_hot_parse() as arpl_handle_received() does and returns 1 when its class is REFLECT;
 * else returns 0, and nothing has changed. `limits`: from arpl_hot_limits(). `now` as in arpl_decide_asked().
 */
ARPL_INLINE int arpl_hot_handle(struct arpl_tables *t, const struct arpl_limits *limits,
				const struct arpl_arp *arp, __u64 now, struct arpl_decision *decision)
{
	__u32 asked = arpl_index_ask(t, arp->target_ip, 0);

	if (asked >= ARPL_MAX_ENDPOINTS)
		return 0;
	decision->hot = 1;
	arpl_decide_with(t, limits, ARPL_PARSED, arp, asked, 0, now, decision);
	if (decision->verdict != ARPL_reflect && decision->verdict != ARPL_reflect_new)
		return 0;
	/* arpl_note_received() has nothing to note: the pair is known, or no endpoint has the sender's address. */
	arpl_count_reflected(t, limits, decision->slot, decision->at, arp, now);
	arpl_count_verdict(t, decision->verdict);
	return 1;
}

#endif
