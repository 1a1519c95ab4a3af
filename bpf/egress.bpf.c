/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tc egress on the parent: hears the answers that the containers' kernels give, which confirms pairs and endpoints,
 * and the claims that host and containers make. Changes nothing and returns TC_ACT_UNSPEC always, so that filters
 * behind it work as if it were not there.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"
#include "shared/decide.h"

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
	__u32 zero = 0;
	struct arpl_arp arp = {};
	struct arpl_egress_stats *stats;
	__u32 claimed;
	__u64 now;

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
	now = bpf_ktime_get_ns();
	if (arpl_confirm(0, &arp, now)) {
		stats->confirmed++;
		return TC_ACT_UNSPEC;
	}
	claimed = arpl_claimed_slot(0, &arp);
	if (claimed != ARPL_NO_SLOT) {
		stats->claims++;
		arpl_claim(claimed, &arp, ARPL_EVENT_CLAIM_FROM_HOST, now);
		return TC_ACT_UNSPEC;
	}
	arpl_report_stranger(&arp, now);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") __weak = "Dual BSD/GPL";
