/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tc egress on the parent: confirms pairs and endpoints by the answers of the containers' kernels, counts the
 * frames of each MAC and notes claims. Returns TC_ACT_UNSPEC, so that later filters run as usual. Frames leave
 * unchanged, with two exceptions: the reply to a check gets back the requester's address, and with `claims =
 * "drop"` claims are dropped.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"
#include "shared/egress.h"
#include "shared/reply.h"
#include "watch.bpf.h"

/* Parses the frame. A VLAN tag that the stack keeps in the skb's metadata counts as one in the frame. */
ARPL_INLINE enum arpl_parsed parse(struct __sk_buff *skb, struct arpl_arp *arp)
{
	enum arpl_parsed parsed;

	bpf_skb_pull_data(skb, ARPL_ETH_BYTES + ARPL_TAG_BYTES + ARPL_ARP_BYTES < skb->len
				       ? ARPL_ETH_BYTES + ARPL_TAG_BYTES + ARPL_ARP_BYTES
				       : skb->len);
	parsed = arpl_parse((void *)(long)skb->data, (void *)(long)skb->data_end, arp);
	if (parsed != ARPL_PARSED || !skb->vlan_present)
		return parsed;
	if (arp->tags != 0 || skb->vlan_proto != arpl_swap16(ARPL_ETHERTYPE_8021Q))
		return ARPL_PARSED_TAGS;
	arp->vlan = skb->vlan_tci & ARPL_VLAN_ID_MASK;
	return parsed;
}

SEC("tc")
int arpl_egress(struct __sk_buff *skb)
{
	__u32 type = skb->protocol;
	struct arpl_arp arp = {};
	enum arpl_sent sent;
	__be32 requester;
	__u64 now;

	if (type != arpl_swap16(ARPL_ETHERTYPE_ARP) && type != arpl_swap16(ARPL_ETHERTYPE_8021Q))
		return TC_ACT_UNSPEC;
	if (parse(skb, &arp) != ARPL_PARSED)
		return TC_ACT_UNSPEC;
	now = bpf_ktime_get_ns();
	sent = arpl_handle_sent(0, &arp, now, &requester);
	watch_sent(skb, &arp, sent, requester, now);
	if (sent == ARPL_SENT_DROPPED)
		return TC_ACT_SHOT;
	if (requester != 0)
		bpf_skb_store_bytes(skb, arp.arp_offset + ARPL_TARGET_IP_OFFSET, &requester, sizeof(requester),
				    0);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") __weak = "Dual BSD/GPL";
