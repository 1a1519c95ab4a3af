/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Passes everything. On a veth's far end it lets XDP_TX arrive; on a parent it plays a foreign program. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int lab_pass(struct xdp_md* ctx) {
  (void)ctx;
  return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
