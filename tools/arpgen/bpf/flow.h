/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Matches answers to requests. ARP has no sequence numbers, so the answers of one flow (requester and target)
 * are matched to its requests in order. Requests past the deadline are given up first; an answer without an
 * open request is late, or a duplicate when no request was given up. After a loss, answers are matched to older
 * requests until the deadline has passed, so latency is never reported too short. Sender and meter may run on
 * different CPUs. Each writes its own fields; a time that the sender may be overwriting is not used.
 */
#ifndef ARPGEN_FLOW_H
#define ARPGEN_FLOW_H

#include "abi.h"
#include "shared/packet.h"

/* Random draw number `index` of the seed: splitmix64 (Steele, Lea, Flood 2014). */
static inline __attribute__((always_inline)) __u64 arpgen_draw(__u64 seed, __u64 index)
{
	__u64 z = seed + (index + 1) * 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline __attribute__((always_inline)) __u64 arpgen_requester_mac(const struct arpgen_stream *stream,
									__u32 ip)
{
	if (!stream->macs_of_their_own)
		return stream->requester_mac;
	return (stream->requester_mac & 0xffffU) | (__u64)arpl_swap32(ip) << 16;
}

static inline __attribute__((always_inline)) __u64 arpgen_key(__u32 requester_ip, __u32 target_ip)
{
	return (__u64)requester_ip << 32 | target_ip;
}

/* Index in `flows` for a requester (0 for a probe) and a target. The stream's flow_count must not be 0. */
static inline __attribute__((always_inline)) __u32 arpgen_flow_of(const struct arpgen_stream *stream,
								  __u32 requester_ip, __u32 target_ip)
{
	__u32 requester = requester_ip == 0 ? 0 : requester_ip - stream->requester_first;

	if (stream->flows_hashed)
		return stream->first_flow +
		       ((__u32)arpgen_draw(requester_ip, target_ip) & (stream->flow_count - 1));
	return stream->first_flow + requester * stream->target_count + (target_ip - stream->target_first);
}

enum arpgen_outcome { ARPGEN_ANSWERED, ARPGEN_LATE, ARPGEN_DUPLICATE, ARPGEN_UNASKED };

static inline __attribute__((always_inline)) __u32 arpgen_sent(const struct arpgen_flow *flow)
{
#ifdef __bpf__
	return *(const volatile __u32 *)&flow->sent;
#else
	return __atomic_load_n(&flow->sent, __ATOMIC_ACQUIRE);
#endif
}

static inline __attribute__((always_inline)) void arpgen_set_sent(struct arpgen_flow *flow, __u32 sent)
{
#ifdef __bpf__
	*(volatile __u32 *)&flow->sent = sent;
#else
	__atomic_store_n(&flow->sent, sent, __ATOMIC_RELEASE);
#endif
}

/* Notes a request that was due at due_ns. A flow with another key in this place is overwritten. */
static inline __attribute__((always_inline)) void arpgen_note_sent(struct arpgen_flow *flow, __u64 key,
								   __u64 due_ns)
{
	__u32 sent = flow->sent;

	if (flow->key != key) {
		flow->key = key;
		flow->settled = sent;
		flow->lost = 0;
	}
	flow->due_ns[sent % ARPGEN_HISTORY] = due_ns;
	arpgen_set_sent(flow, sent + 1);
}

/* Gives up all requests up to the last one that is past the deadline. */
static inline __attribute__((always_inline)) void arpgen_give_up(struct arpgen_flow *flow, __u32 sent,
								 __u64 now, __u64 deadline_ns)
{
	__u32 open = sent - flow->settled;
	__u32 known = open < ARPGEN_HISTORY ? open : ARPGEN_HISTORY;
	__u32 given_up = 0;

	for (__u32 i = 0; i < ARPGEN_HISTORY; i++)
		if (i < known && now > flow->due_ns[(sent - known + i) % ARPGEN_HISTORY] + deadline_ns)
			given_up = open - known + i + 1;
	flow->settled += given_up;
	flow->lost += given_up;
}

/* Matches an answer that came in at `now`. *latency_ns: time since its request was due, 0 when not known. */
static inline __attribute__((always_inline)) enum arpgen_outcome
arpgen_settle(struct arpgen_flow *flow, __u64 key, __u64 now, __u64 deadline_ns, __u64 *latency_ns)
{
	__u32 sent = arpgen_sent(flow);
	__u32 request;
	__u64 due;

	*latency_ns = 0;
	if (flow->key != key)
		return ARPGEN_UNASKED;
	arpgen_give_up(flow, sent, now, deadline_ns);
	if (flow->settled == sent) {
		if (flow->lost == 0)
			return ARPGEN_DUPLICATE;
		flow->lost--;
		return ARPGEN_LATE;
	}
	request = flow->settled++;
	due = flow->due_ns[request % ARPGEN_HISTORY];
	if (arpgen_sent(flow) - request < ARPGEN_HISTORY)
		*latency_ns = now > due ? now - due : 1;
	return ARPGEN_ANSWERED;
}

#endif
