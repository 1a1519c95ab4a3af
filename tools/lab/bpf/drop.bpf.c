/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet filter at tc ingress of a container that drops every frame. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

SEC("tc")
int lab_drop(struct __sk_buff* skb) {
  (void)skb;
  return TC_ACT_SHOT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
