/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A foreign program at tc or tcx that leaves every frame to the next program. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

SEC("tc")
int lab_next(struct __sk_buff* skb) {
  (void)skb;
  return TC_ACT_UNSPEC; /* the same as TCX_NEXT */
}

char _license[] SEC("license") = "Dual BSD/GPL";
