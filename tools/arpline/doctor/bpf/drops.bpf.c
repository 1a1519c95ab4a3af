// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Counts the frames that macvlan drops because its broadcast queue is full. The kernel adds them to the
 * parent's rx_dropped together with frames of unknown protocols; only the code location of kfree_skb tells them
 * apart.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "drops.h"

/* The fields that are read of the kernel's structures; BTF relocates them at load time (CO-RE). */
struct ns_common {
	unsigned int inum;
} __attribute__((preserve_access_index));

struct net {
	struct ns_common ns;
} __attribute__((preserve_access_index));

typedef struct {
	struct net *net;
} __attribute__((preserve_access_index)) possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
} __attribute__((preserve_access_index));

struct sk_buff {
	struct net_device *dev;
	unsigned char *head;
	__u16 mac_header;
} __attribute__((preserve_access_index));

/* The code of macvlan's receive path, set before load. */
const volatile struct doctor_code code[DOCTOR_MAX_CODE] = {};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DOCTOR_MAX_PARENTS);
	__type(key, struct doctor_parent);
	__type(value, struct doctor_drops);
} drops SEC(".maps");

static __always_inline int in_code(__u64 location)
{
	int found = 0;

#pragma unroll
	for (__u32 i = 0; i < DOCTOR_MAX_CODE; i++)
		found |= location >= code[i].start && location < code[i].end;
	return found;
}

SEC("tp_btf/kfree_skb")
int doctor_drops(__u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];
	struct doctor_parent parent = {};
	struct doctor_drops *counted;
	struct net_device *dev;
	__u8 first = 0;

	if (!in_code(ctx[1]))
		return 0;
	dev = skb->dev;
	if (!dev)
		return 0;
	parent.ifindex = dev->ifindex;
	parent.netns_inode = dev->nd_net.net->ns.inum;
	counted = bpf_map_lookup_elem(&drops, &parent);
	if (!counted)
		return 0;
	/* macvlan's handler also frees unicast frames, for an interface that is down. */
	if (bpf_probe_read_kernel(&first, sizeof(first), skb->head + skb->mac_header) == 0 && (first & 1))
		__sync_fetch_and_add(&counted->broadcast_queue, 1);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
