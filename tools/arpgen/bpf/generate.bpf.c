// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Makes one frame of the plan per run and sends it out of the interface. User space runs it with
 * BPF_PROG_TEST_RUN and BPF_F_TEST_XDP_LIVE_FRAMES, one call at a time.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "frame.h"
#include "maps.bpf.h"
#include "pace.h"

/* Aligned, so that the sender's and the meter's data are on different cache lines. */
struct arpgen_pace pace __attribute__((aligned(64))) = {};
struct arpgen_progress progress = {};
/* Frames sent, by stream. */
__u64 frames[ARPGEN_MAX_STREAMS] = {};
/*
 * The time of the last clock reading. A reading costs as much as a frame, so at full speed the clock is read
 * every FRAMES_PER_CLOCK frames, and when user space has set this to 0 before a call.
 */
volatile __u64 clock = 0;
#define FRAMES_PER_CLOCK 16

static __u32 arpgen_zipf_target(const struct arpgen_tables *tables, __u32 stream, __u32 slot)
{
	__u32 place = stream * ARPGEN_ZIPF_SLOTS + slot;
	__u64 *target = bpf_map_lookup_elem(&zipf, &place);

	return target ? (__u32)*target : 0;
}

static __u64 arpgen_target_mac(const struct arpgen_tables *tables, __u32 place)
{
	struct arpgen_target *target = bpf_map_lookup_elem(&targets, &place);

	return target ? target->mac : 0;
}

static __always_inline __u64 time_now(void)
{
	if (clock == 0 || pace.gap || pace.window || progress.next_index % FRAMES_PER_CLOCK == 0)
		clock = bpf_ktime_get_ns();
	return clock;
}

static __always_inline void note(const struct arpgen_frame *frame, __u64 due_ns)
{
	struct arpgen_flow *flow;
	__u64 *count;

	frames[frame->stream % ARPGEN_MAX_STREAMS]++;
	if (frame->flow == ARPGEN_NO_FLOW || plan.count_only)
		return;
	count = bpf_map_lookup_elem(&asked, &frame->target);
	if (count)
		(*count)++;
	flow = bpf_map_lookup_elem(&flows, &frame->flow);
	if (flow)
		arpgen_note_sent(flow, arpgen_key(frame->requester_ip, frame->target_ip), due_ns);
}

static __always_inline void advance(const struct arpgen_frame *frame)
{
	__u32 place = pace.poisson ? arpgen_quantile(pace.seed, progress.next_index) : 0;
	__u64 *quantile = bpf_map_lookup_elem(&exponential, &place);

	arpgen_advance(&pace, &progress, frame->flow != ARPGEN_NO_FLOW, quantile ? (__u32)*quantile : 0);
}

/* Each run gets a frame of the plan's greatest length. It is dropped when no frame is due yet. */
SEC("xdp")
int arpgen_generate(struct xdp_md *ctx)
{
	__u8 *p = (__u8 *)(long)ctx->data;
	const __u8 *end = (const __u8 *)(long)ctx->data_end;
	__u64 now = progress.ended_at ? 0 : time_now();
	__u64 index = progress.next_index;
	struct arpgen_frame frame;

	if (arpgen_turn(&pace, &progress, pace.window ? settled : 0, now) != ARPGEN_SEND ||
	    p + ARPGEN_MIN_FRAME_BYTES > end)
		return XDP_DROP;
	arpgen_choose(the_plan(), 0, index, &frame);
	arpgen_write(p, the_plan(), 0, index, &frame);
	if (frame.bytes != plan.frame_bytes && bpf_xdp_adjust_tail(ctx, (int)(frame.bytes - plan.frame_bytes)))
		return XDP_ABORTED;
	note(&frame, arpgen_due(&pace, &progress, now));
	advance(&frame);
	return bpf_redirect(plan.ifindex, 0);
}

char _license[] SEC("license") __weak = "Dual BSD/GPL";
