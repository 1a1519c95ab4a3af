/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Restores the packet and the maps that the previous frame has changed, then tail-calls the measured program.
 * A test run repeats a program on the data that it has left, so without this the second frame would find
 * another state than the first. The cost of the same restoring before the empty program is subtracted.
 * The last step is a locked addition: it waits until all that was stored is in the cache, where a NIC or
 * another CPU would have put the frame. A load that spans two stores under way would wait for them, in the
 * measured program.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "row.h"

#define INLINE static inline __attribute__((always_inline))

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bench_row);
} row SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, BENCH_TARGETS);
	__type(key, __u32);
	__type(value, __u32);
} targets SEC(".maps");

/* arpline's maps; user space replaces these by them before load. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_MAX_ENDPOINTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct arpl_slot);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_PAIR_SETS);
	__type(key, __u32);
	__type(value, struct arpl_pair_set);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_MAX_QUEUES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct arpl_credit);
} credit SEC(".maps");

INLINE void put_word(void *map, __u32 index, __u64 word)
{
	__u64 *at = bpf_map_lookup_elem(map, &index);

	if (at)
		*at = word;
}

INLINE void put_slot(__u32 index, const struct arpl_slot *as_it_was)
{
	struct arpl_slot *slot = bpf_map_lookup_elem(&slots, &index);

	if (slot)
		*slot = *as_it_was;
}

INLINE void put_credit(const struct bench_row *r)
{
	struct arpl_credit *c = bpf_map_lookup_elem(&credit, &r->queue);

	if (!c)
		return;
	c->sent = r->credit_sent;
}

INLINE void put_frame(struct xdp_md *ctx, const struct bench_row *r)
{
	__u8 *p = (__u8 *)(long)ctx->data;
	__u8 *end = (__u8 *)(long)ctx->data_end;

	if (p + 8 > end)
		return;
	*(__u64 *)p = r->frame[0];
#pragma unroll
	for (__u32 i = 1; i < BENCH_FRAME_BYTES / 8; i++)
		if (p + 8 * i + 8 <= end)
			*(__u64 *)(p + 8 * i) = r->frame[i];
	if (p + BENCH_FRAME_BYTES <= end)
		return;
	for (__u32 i = BENCH_FRAME_BYTES - 8; i < BENCH_FRAME_BYTES && p + i + 1 <= end; i++)
		p[i] = ((const __u8 *)r->frame)[i];
}

INLINE void restore(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct bench_row *r = bpf_map_lookup_elem(&row, &zero);

	if (!r)
		return;
	/* Called without metadata too, so that the empty program has the same cost. */
	bpf_xdp_adjust_meta(ctx, (int)(ctx->data - ctx->data_meta));
	put_frame(ctx, r);
	put_word(&pairs, r->pair, r->pair_word);
	put_word(&buckets, r->source, r->source_word);
	put_word(&buckets, ARPL_BUCKET_TO_CHILD, r->to_child_word);
	put_word(&buckets, ARPL_BUCKET_EVENTS, r->events_word);
	put_credit(r);
	put_slot(r->slot[0], &r->slot_as_it_was[0]);
	put_slot(r->slot[1], &r->slot_as_it_was[1]);
	__sync_fetch_and_add(&r->restored, 1);
}

SEC("xdp.frags")
int bench_arpline(struct xdp_md *ctx)
{
	restore(ctx);
	bpf_tail_call_static(ctx, &targets, BENCH_ARPLINE);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int bench_empty(struct xdp_md *ctx)
{
	restore(ctx);
	bpf_tail_call_static(ctx, &targets, BENCH_EMPTY);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int bench_reflector(struct xdp_md *ctx)
{
	restore(ctx);
	bpf_tail_call_static(ctx, &targets, BENCH_REFLECTOR);
	return XDP_ABORTED;
}

/* The empty program of tc. */
SEC("tc")
int bench_empty_tc(struct __sk_buff *skb)
{
	(void)skb;
	return -1; /* TC_ACT_UNSPEC */
}

char _license[] SEC("license") = "Dual BSD/GPL";
