// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Counts frames that an interface's driver did not send although the XDP program returned XDP_TX; the program
 * itself gets no notice. Most drivers report them by xdp_exception, veth by xdp_bulk_tx.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define REFUSED_MAX_INTERFACES 1024

/* The kernel's structures, with the fields that are read here; CO-RE finds their offsets at load time. */
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

/* The network namespace whose interfaces are counted; set before load. */
const volatile __u32 netns_inode = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, REFUSED_MAX_INTERFACES);
	__type(key, __u32);
	__type(value, __u64);
} refused SEC(".maps");

static __always_inline void count(struct net_device *dev, __u64 frames)
{
	__u32 ifindex = dev->ifindex;
	__u64 *counted = bpf_map_lookup_elem(&refused, &ifindex);

	if (counted && dev->nd_net.net->ns.inum == netns_inode)
		__sync_fetch_and_add(counted, frames);
}

/* Arguments: (dev, program, act). */
SEC("tp_btf/xdp_exception")
int arpl_exception(__u64 *ctx)
{
	if ((__u32)ctx[2] == XDP_TX)
		count((struct net_device *)ctx[0], 1);
	return 0;
}

/* Arguments: (dev, sent, drops, error). */
SEC("tp_btf/xdp_bulk_tx")
int arpl_bulk_tx(__u64 *ctx)
{
	int drops = (int)ctx[2];

	if (drops > 0)
		count((struct net_device *)ctx[0], drops);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
