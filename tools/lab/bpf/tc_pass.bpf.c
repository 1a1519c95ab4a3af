/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A foreign program at tc or tcx that passes every frame, so that no later program runs. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

SEC("tc")
int lab_pass(struct __sk_buff* skb) {
  (void)skb;
  return TC_ACT_OK; /* the same as TCX_PASS */
}

char _license[] SEC("license") = "Dual BSD/GPL";
