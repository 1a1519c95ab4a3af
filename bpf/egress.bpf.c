/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tc egress on the parent: hears the answers that the containers' kernels give, which confirms pairs and endpoints,
 * counts what they send, and sees the claims that they make. Returns TC_ACT_UNSPEC, so that filters behind it work as if it
 * were not there. Changes nothing but the reply to a check, which gets back what the who-has had; only with
 * `claims = "drop"` a claim does not leave the host.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"
#include "shared/egress.h"
#include "shared/reply.h"

/* The frame from its first byte; a tag that the stack keeps beside it is counted in. */
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
	__be32 requester;

	if (type != arpl_swap16(ARPL_ETHERTYPE_ARP) && type != arpl_swap16(ARPL_ETHERTYPE_8021Q))
		return TC_ACT_UNSPEC;
	if (parse(skb, &arp) != ARPL_PARSED)
		return TC_ACT_UNSPEC;
	if (arpl_handle_sent(0, &arp, bpf_ktime_get_ns(), &requester) == ARPL_SENT_DROPPED)
		return TC_ACT_SHOT;
	if (requester != 0)
		bpf_skb_store_bytes(skb, arp.arp_offset + ARPL_TARGET_IP_OFFSET, &requester, sizeof(requester),
				    0);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") __weak = "Dual BSD/GPL";
