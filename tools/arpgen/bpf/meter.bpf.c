// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * XDP program on the sending interface: matches ARP replies to requests and counts them. It drops matched
 * answers unless the plan has pass_answers; everything else passes.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "flow.h"
#include "maps.bpf.h"

static __always_inline void add(__u64 *counter, __u64 value)
{
	__sync_fetch_and_add(counter, value);
}

static __always_inline int in_range(__u32 address, __u32 first, __u32 count)
{
	return address - first < count;
}

/* Whether this stream has a request of `requester` for `target`. */
static __always_inline int asks(const struct arpgen_stream *stream, __u32 requester, __u32 target, __u16 vlan)
{
	if (stream->flow_count == 0 || vlan != stream->vlan ||
	    !in_range(target, stream->target_first, stream->target_count))
		return 0;
	if (stream->kind == ARPGEN_PROBE)
		return requester == 0;
	return in_range(requester, stream->requester_first, stream->requester_count);
}

static __always_inline void record(struct arpgen_answers *to, __u32 stream, __u64 latency_ns)
{
	__u32 place = stream * ARPGEN_BUCKETS + arpgen_bucket(latency_ns);
	__u64 *bucket = bpf_map_lookup_elem(&histogram, &place);

	if (!bucket)
		return;
	add(bucket, 1);
	add(&to->timed, 1);
	add(&to->sum_ns, latency_ns);
	if (latency_ns > to->max_ns)
		to->max_ns = latency_ns;
	if (to->min_ns == 0 || latency_ns < to->min_ns)
		to->min_ns = latency_ns;
}

static __always_inline void settle(struct arpgen_answers *to, const struct arpgen_stream *stream, __u32 number,
				   __u32 requester, __u32 target_ip, struct arpgen_target *target)
{
	__u32 place = arpgen_flow_of(stream, requester, target_ip);
	struct arpgen_flow *flow;
	__u64 latency_ns = 0;

	if (plan.count_only) {
		add(&to->answered, 1);
		return;
	}
	flow = bpf_map_lookup_elem(&flows, &place);
	if (!flow)
		return;
	switch (arpgen_settle(flow, arpgen_key(requester, target_ip), bpf_ktime_get_ns(), plan.deadline_ns,
			      &latency_ns)) {
	case ARPGEN_ANSWERED:
		add(&to->answered, 1);
		add(&target->answered, 1);
		if (latency_ns)
			record(to, number, latency_ns);
		break;
	case ARPGEN_LATE:
		add(&to->late, 1);
		break;
	case ARPGEN_DUPLICATE:
		add(&to->duplicate, 1);
		break;
	case ARPGEN_UNASKED:
		add(&to->unasked, 1);
		break;
	}
}

/* Counts an answer from a target of this stream as right or wrong, in time or late. */
static __always_inline void count_answer(struct arpgen_answers *to, const struct arpgen_stream *stream,
					 __u32 number, const struct arpl_arp *arp)
{
	__u32 target_ip = arpl_swap32(arp->sender_ip);
	__u32 requester_ip = arpl_swap32(arp->target_ip);
	__u64 requester_mac = arpgen_requester_mac(stream, requester_ip);
	__u32 place = stream->first_target + (target_ip - stream->target_first);
	struct arpgen_target *target = bpf_map_lookup_elem(&targets, &place);

	if (!target)
		return;
	if (target->mac == 0)
		target->mac = arp->sender_mac;
	if (arp->eth_dst == ARPL_MAC_BROADCAST)
		add(&to->broadcast, 1);
	else if (stream->kind != ARPGEN_PROBE &&
		 (arp->eth_dst != requester_mac || arp->target_mac != requester_mac))
		add(&to->wrong_target, 1);
	else if (arp->sender_mac != target->mac || arp->sender_mac != arp->eth_src)
		add(&to->wrong_mac, 1);
	else
		settle(to, stream, number, requester_ip, target_ip, target);
}

static __always_inline int meter(const struct arpl_arp *arp)
{
	__u32 answers_it = arp->op == ARPL_OP_REPLY;
	__u32 asked_for = arpl_swap32(answers_it ? arp->sender_ip : arp->target_ip);
	__u32 asker = arpl_swap32(answers_it ? arp->target_ip : arp->sender_ip);

	for (__u32 i = 0; i < ARPGEN_MAX_STREAMS; i++) {
		const struct arpgen_stream *stream = &the_plan()->streams[i];
		struct arpgen_answers *to;

		if (i >= plan.stream_count)
			break;
		if (!asks(stream, asker, asked_for, arp->vlan))
			continue;
		to = bpf_map_lookup_elem(&answers, &i);
		if (!to)
			break;
		if (answers_it)
			count_answer(to, stream, i, arp);
		else
			add(&to->echoed, 1);
		if (!plan.count_only)
			add((__u64 *)&settled, 1);
		return plan.pass_answers ? XDP_PASS : XDP_DROP;
	}
	return XDP_PASS;
}

SEC("xdp.frags")
int arpgen_meter(struct xdp_md *ctx)
{
	struct arpl_arp arp = {};

	if (arpl_parse((void *)(long)ctx->data, (void *)(long)ctx->data_end, &arp) != ARPL_PARSED)
		return XDP_PASS;
	if (arp.op != ARPL_OP_REPLY && arp.op != ARPL_OP_REQUEST)
		return XDP_PASS;
	return meter(&arp);
}

char _license[] SEC("license") __weak = "Dual BSD/GPL";
