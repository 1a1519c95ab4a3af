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

/* What an own MAC has sent, for who asks which of them floods. */
ARPL_INLINE void count_sender(struct arpl_sender *sender, const struct arpl_arp *arp)
{
	if (arp->sender_ip == arp->target_ip)
		__sync_fetch_and_add(&sender->announcements, 1);
	else if (arp->op == ARPL_OP_REQUEST)
		__sync_fetch_and_add(&sender->requests, 1);
	else if (arp->op == ARPL_OP_REPLY)
		__sync_fetch_and_add(&sender->replies, 1);
}

/* A dropped claim has not been heard by the wire: the endpoint stays as it was. */
ARPL_INLINE int on_claim(__u32 claimed, const struct arpl_arp *arp, struct arpl_egress_stats *stats, __u64 now)
{
	enum arpl_claim_policy policy = arpl_judge_claim(0, claimed, arp, now);

	stats->claims++;
	if (policy == ARPL_CLAIM_DROP) {
		stats->claims_dropped++;
		arpl_count_claim(claimed, arp);
		arpl_report(arp, ARPL_EVENT_CLAIM_DROPPED, now);
		return TC_ACT_SHOT;
	}
	stats->would_drop_claims += policy == ARPL_CLAIM_WOULD_DROP;
	arpl_claim(claimed, arp, ARPL_EVENT_CLAIM_FROM_HOST, now);
	return TC_ACT_UNSPEC;
}

/* What is neither the self-test nor anything but ARP. */
ARPL_INLINE int look(struct __sk_buff *skb, const struct arpl_arp *arp, struct arpl_egress_stats *stats)
{
	__u64 now = bpf_ktime_get_ns();
	struct arpl_sender *sender = arpl_sender_at(arp->eth_src);
	__be32 requester;
	__u32 claimed;

	if (sender)
		count_sender(sender, arp);
	else
		stats->strangers++;
	if (arpl_confirm(0, arp, now, &requester)) {
		stats->confirmed++;
		if (requester != 0)
			bpf_skb_store_bytes(skb, arp->arp_offset + ARPL_TARGET_IP_OFFSET, &requester,
					    sizeof(requester), 0);
		return TC_ACT_UNSPEC;
	}
	/* Before the claim: it may be an endpoint whose new place has not been found yet. */
	arpl_report_stranger(arp, now);
	claimed = arpl_claimed_slot(0, arp);
	if (claimed != ARPL_NO_SLOT) {
		if (sender)
			__sync_fetch_and_add(&sender->claims, 1);
		return on_claim(claimed, arp, stats, now);
	}
	arpl_hear_sent(0, arp, !!sender, sender && !sender->host, now);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int arpl_egress(struct __sk_buff *skb)
{
	__u32 type = skb->protocol;
	__u32 zero = 0;
	struct arpl_arp arp = {};
	struct arpl_egress_stats *stats;

	if (type != arpl_swap16(ARPL_ETHERTYPE_ARP) && type != arpl_swap16(ARPL_ETHERTYPE_8021Q))
		return TC_ACT_UNSPEC;
	if (parse(skb, &arp) != ARPL_PARSED)
		return TC_ACT_UNSPEC;
	stats = bpf_map_lookup_elem(&egress_stats, &zero);
	if (!stats)
		return TC_ACT_UNSPEC;
	stats->seen++;
	if (arp.op == ARPL_SELF_TEST_OP && arp.eth_src == arp.eth_dst) {
		stats->self_tests++;
		return TC_ACT_UNSPEC;
	}
	return look(skb, &arp, stats);
}

char _license[] SEC("license") __weak = "Dual BSD/GPL";
