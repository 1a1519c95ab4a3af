/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tc ingress on the interface that a DPDK port writes to: frames that the engine does not answer continue as if
 * the parent had received them.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

/* Set before load. */
const volatile __u32 arpl_parent_ifindex = 0;

SEC("tc")
int arpl_hand_over(struct __sk_buff *skb)
{
	return (int)bpf_redirect(arpl_parent_ifindex, BPF_F_INGRESS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
