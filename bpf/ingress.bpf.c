/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * XDP on the parent: parses, decides, gives each ARP frame one verdict and counts it once. Frames that are not
 * ARP pass unless the configuration has storm limits. The section is "xdp.frags" because a parent with a large
 * MTU refuses other programs.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"
#include "shared/hot.h"
#include "shared/reply.h"
#include "storm.bpf.h"
#include "watch.bpf.h"

/*
 * Makes the frame unicast to the endpoint, so that it skips macvlan's broadcast queue and only the child's
 * kernel gets it.
 */
ARPL_INLINE void to_child(struct xdp_md *ctx, const struct arpl_arp *arp, const struct arpl_decision *decision)
{
	int check = decision->verdict == ARPL_to_child_check;
	__u8 *frame = (__u8 *)(long)ctx->data;
	__u8 *end = (__u8 *)(long)ctx->data_end;

	if (arp->tags != 0 && frame + ARPL_WRITTEN_BYTES <= end)
		arpl_write_to_child(frame, ARPL_ETH_BYTES + ARPL_TAG_BYTES, decision->word, check);
	else if (frame + ARPL_ETH_BYTES + ARPL_ARP_BYTES <= end)
		arpl_write_to_child(frame, ARPL_ETH_BYTES, decision->word, check);
}

/*
 * Zeroes the bytes behind the answer; no helper does so on all kernels. volatile keeps clang from making it a
 * memset call, which BPF does not have.
 */
ARPL_INLINE void clear_rest(__u8 *p, const __u8 *end)
{
	for (__u32 i = 0; i < ARPL_MAX_SERVED_FRAME_BYTES / 8 && p + 8 <= end; i++, p += 8)
		*(volatile __u64 *)p = 0;
	for (__u32 i = 0; i < 7 && p + 1 <= end; i++, p++)
		*(volatile __u8 *)p = 0;
}

/*
 * Turns the frame into its answer. Its length stays, because the sender's NIC has padded it for the wire
 * already; the bytes behind the answer become zero.
 */
ARPL_INLINE int reflect(struct xdp_md *ctx, const struct arpl_arp *arp, const struct arpl_decision *decision)
{
	__u8 *frame = (__u8 *)(long)ctx->data;
	__u8 *end = (__u8 *)(long)ctx->data_end;

	if (arp->vlan != 0) {
		if (frame + ARPL_WRITTEN_BYTES > end)
			return XDP_PASS;
		arpl_write_reply(frame, arp, decision->word);
		clear_rest(frame + ARPL_WRITTEN_BYTES, end);
	} else {
		if (frame + ARPL_ETH_BYTES + ARPL_ARP_BYTES > end)
			return XDP_PASS;
		arpl_write_reply(frame, arp, decision->word);
		clear_rest(frame + ARPL_ETH_BYTES + ARPL_ARP_BYTES, end);
	}
	return XDP_TX;
}

/* Whether bpf_xdp_get_buff_len() is worth its call: only with an MTU above 1,500 can a frame have fragments. */
ARPL_INLINE int may_be_in_pieces(void)
{
	const struct arpl_limits *limits_now = arpl_limits_now(0);

	return !limits_now || (limits_now->flags & ARPL_LIMIT_FRAGS);
}

/* Whether the 14 bytes at `frame` begin a unicast frame that is neither ARP nor tagged: most of all traffic. */
ARPL_INLINE int is_other_unicast(const __u8 *frame)
{
	__u16 type = arpl_load16(frame + 12);

	return !(frame[0] & 1U) && type != arpl_swap16(ARPL_ETHERTYPE_ARP) &&
	       type != arpl_swap16(ARPL_ETHERTYPE_8021Q) && type != arpl_swap16(ARPL_ETHERTYPE_8021AD);
}

/* Answers the frame of a storm, of ARPL_HOT_BYTES (hot.h); returns 0 for any other frame. */
ARPL_INLINE int reflect_hot(struct xdp_md *ctx, __u8 *frame)
{
	const struct arpl_limits *limits_now;
	struct arpl_decision decision;
	struct arpl_arp arp;
	__u64 now;

	if (!arpl_hot_parse(frame, ARPL_HOT_BYTES, &arp))
		return 0;
	limits_now = arpl_hot_limits(0);
	if (!limits_now)
		return 0;
	now = arpl_now();
	if (!arpl_hot_handle(0, limits_now, &arp, now, &decision))
		return 0;
	watch_received(ctx, ARPL_PARSED, &arp, &decision, now);
	arpl_write_reply_wide(frame, &arp, decision.word);
	arpl_put64(frame + 42, 0);
	arpl_put64(frame + 50, 0);
	arpl_put16(frame + 58, 0);
	return 1;
}

/* The general way, for any frame. A function of its own, which the verifier follows once. */
ARPL_CALLED int arpl_general(struct xdp_md *ctx)
{
	const void *data = (const void *)(long)ctx->data;
	const void *data_end = (const void *)(long)ctx->data_end;
	struct arpl_arp arp = {};
	struct arpl_decision decision;
	enum arpl_parsed parsed = arpl_parse(data, data_end, &arp);
	enum arpl_class class;
	__u64 now;

	if (parsed == ARPL_NOT_ARP)
		return storm_look(ctx);
	now = arpl_now();
	arp.frame_bytes = (__u32)(data_end - data);
	arp.linear = !may_be_in_pieces() || arp.frame_bytes == (__u32)bpf_xdp_get_buff_len(ctx);
	class = arpl_handle_received(0, ctx, parsed, &arp, ARPL_LOOK_UP, ctx->rx_queue_index, now, &decision);
	watch_received(ctx, parsed, &arp, &decision, now);
	switch (class) {
	case ARPL_CLASS_RING:
		return (int)bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS);
	case ARPL_CLASS_REFLECT:
		return reflect(ctx, &arp, &decision);
	case ARPL_CLASS_TO_CHILD:
		to_child(ctx, &arp, &decision);
		return XDP_PASS;
	case ARPL_CLASS_DROP:
		return XDP_DROP;
	default:
		return XDP_PASS;
	}
}

ARPL_INLINE int ingress(struct xdp_md *ctx)
{
	__u8 *frame = (__u8 *)(long)ctx->data;
	__u32 bytes = ctx->data_end - ctx->data;

	if (frame + ARPL_HOT_BYTES > (__u8 *)(long)ctx->data_end)
		return arpl_general(ctx);
	ARPL_HIDE(bytes);
	if (bytes == ARPL_HOT_BYTES && reflect_hot(ctx, frame))
		return XDP_TX;
	return is_other_unicast(frame) ? XDP_PASS : arpl_general(ctx);
}

SEC("xdp.frags")
int arpl_ingress(struct xdp_md *ctx)
{
	return ingress(ctx);
}

/*
 * The program for a parent whose ring DPDK's net_af_xdp reads. DPDK opens its sockets with libxdp, which
 * recognizes an attached program that serves sockets by this name and this version (xdp-tools lib/libxdp/xsk.c,
 * xsk_lookup_program).
 */
__uint(xsk_prog_version, 1) SEC("xdp_metadata");

SEC("xdp.frags")
int xsk_def_prog(struct xdp_md *ctx)
{
	return ingress(ctx);
}

char _license[] SEC("license") __weak = "Dual BSD/GPL";
