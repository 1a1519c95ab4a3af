/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A foreign program with the name of libxdp's default program, which arpline's program for DPDK has too. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int xsk_def_prog(struct xdp_md* ctx) {
  (void)ctx;
  return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
