/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tc egress of a peer: puts 802.1ad tag 100 on every ARP frame. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int lab_stag_push(struct __sk_buff* skb) {
  if (skb->protocol == bpf_htons(ETH_P_ARP) && !skb->vlan_present)
    bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), 100);
  return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
