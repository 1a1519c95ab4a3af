/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Makes frame number `index` of a plan. The bytes depend on nothing but the plan, so they are the same from
 * every source and on every machine (with `unicast` they also depend on the targets' answers). The includer
 * defines the look-ups, as for bpf/shared/decide.h.
 */
#ifndef ARPGEN_FRAME_H
#define ARPGEN_FRAME_H

#include "flow.h"
#include "length.h"
#include "shared/reply.h"

struct arpgen_tables;

/* The target index in a slot of the stream's quantile table. */
static __u32 arpgen_zipf_target(const struct arpgen_tables *tables, __u32 stream, __u32 slot);
/* The MAC word of the first answer of targets[place], or 0. */
static __u64 arpgen_target_mac(const struct arpgen_tables *tables, __u32 place);

struct arpgen_frame {
	__u32 bytes; /* length; may be less than arpgen_write() writes */
	__u32 stream;
	__u32 requester_ip;
	__u32 target_ip;
	__u32 target; /* index in `asked` and `targets` */
	__u32 flow;   /* index in `flows`; ARPGEN_NO_FLOW when nobody answers the frame */
};

/* Scales a 32-bit draw to [0, count). */
static inline __attribute__((always_inline)) __u32 arpgen_scale(__u64 draw, __u32 count)
{
	return (__u32)((draw & 0xffffffffU) * count >> 32);
}

static inline __attribute__((always_inline)) __u32 arpgen_stream_of(const struct arpgen_plan *plan, __u32 draw)
{
	__u32 stream = 0;

	for (__u32 i = 0; i < ARPGEN_MAX_STREAMS - 1; i++)
		if (i + 1 < plan->stream_count && draw > plan->streams[i].share)
			stream = i + 1;
	return stream;
}

static inline __attribute__((always_inline)) __u32 arpgen_target_of(const struct arpgen_tables *tables,
								    const struct arpgen_stream *stream,
								    __u32 number, __u64 index, __u64 draw)
{
	if (stream->target_count == 1)
		return 0;
	if (stream->target_order == ARPGEN_SEQUENTIAL)
		return (__u32)(index % stream->target_count);
	if (stream->target_order == ARPGEN_ZIPF)
		return arpgen_zipf_target(tables, number, (__u32)draw & (ARPGEN_ZIPF_SLOTS - 1));
	return arpgen_scale(draw, stream->target_count);
}

static inline __attribute__((always_inline)) __u32 arpgen_requester_of(const struct arpgen_stream *stream,
								       __u64 index, __u64 draw)
{
	if (stream->requester_count == 1)
		return stream->requester_first;
	if (stream->requester_order == ARPGEN_SEQUENTIAL)
		return stream->requester_first + (__u32)(index % stream->requester_count);
	return stream->requester_first + arpgen_scale(draw, stream->requester_count);
}

/* Writes the Ethernet addresses, tags and type; returns the start of the payload. */
static inline __attribute__((always_inline)) __u8 *
arpgen_write_ethernet(__u8 *p, const struct arpgen_stream *stream, __u64 destination, __u64 source)
{
	__u8 *next = p + 12;

	arpl_store_mac(p, destination);
	arpl_store_mac(p + 6, source);
	if (stream->flaw == ARPGEN_TWO_TAGS || stream->flaw == ARPGEN_SERVICE_TAG) {
		arpl_store16(next,
			     stream->flaw == ARPGEN_TWO_TAGS ? ARPL_ETHERTYPE_8021Q : ARPL_ETHERTYPE_8021AD);
		arpl_store16(next + 2, 1);
		next += ARPL_TAG_BYTES;
	}
	if (stream->vlan != 0 || stream->flaw == ARPGEN_TWO_TAGS) {
		arpl_store16(next, ARPL_ETHERTYPE_8021Q);
		arpl_store16(next + 2, stream->vlan ? stream->vlan : 1);
		next += ARPL_TAG_BYTES;
	}
	arpl_store16(next, stream->kind == ARPGEN_OTHER ? ARPGEN_OTHER_ETHERTYPE : ARPL_ETHERTYPE_ARP);
	return next + 2;
}

static inline __attribute__((always_inline)) __u64 arpgen_flawed_mac(__u32 flaw, __u64 mac)
{
	if (flaw == ARPGEN_SENDER_MAC_ZERO)
		return 0;
	if (flaw == ARPGEN_SENDER_MAC_MULTICAST)
		return mac | 1;
	return flaw == ARPGEN_SENDER_MAC_OTHER ? mac ^ (1ULL << 40) : mac;
}

static inline __attribute__((always_inline)) __u32 arpgen_flawed_ip(__u32 flaw, __u32 ip)
{
	if (flaw == ARPGEN_SENDER_IP_LOOPBACK)
		return 0x7f000001U;
	if (flaw == ARPGEN_SENDER_IP_MULTICAST)
		return 0xe0000001U;
	return flaw == ARPGEN_SENDER_IP_BROADCAST ? 0xffffffffU : ip;
}

/* Writes the 28 bytes of ARP (RFC 826) with the stream's flaw. */
static inline __attribute__((always_inline)) void arpgen_write_arp(__u8 *a, const struct arpgen_stream *stream,
								   const struct arpgen_frame *frame,
								   __u64 requester, __u64 known_mac)
{
	__u32 sender = frame->requester_ip;
	__u32 target = frame->target_ip;

	if (stream->kind == ARPGEN_ANNOUNCEMENT)
		target = sender;
	if (stream->kind == ARPGEN_CLAIM)
		sender = target;
	arpl_store16(a, stream->flaw == ARPGEN_HARDWARE_TYPE ? 6 : 1);
	arpl_store16(a + 2, stream->flaw == ARPGEN_PROTOCOL_TYPE ? 0x86dd : 0x0800);
	a[4] = stream->flaw == ARPGEN_HARDWARE_LENGTH ? 8 : 6;
	a[5] = stream->flaw == ARPGEN_PROTOCOL_LENGTH ? 16 : 4;
	arpl_store16(a + 6, stream->flaw == ARPGEN_OPCODE  ? 9
			    : stream->kind == ARPGEN_REPLY ? ARPL_OP_REPLY
							   : ARPL_OP_REQUEST);
	arpl_store_mac(a + 8, arpgen_flawed_mac(stream->flaw, requester));
	arpl_put32(a + 14, arpl_swap32(arpgen_flawed_ip(stream->flaw, sender)));
	arpl_store_mac(a + 18, stream->kind == ARPGEN_REPLY ? known_mac : 0);
	arpl_put32(a + 24, arpl_swap32(target));
}

/* Needed because a live run recycles pages, with the bytes that the receiver has written into them. */
static inline __attribute__((always_inline)) void arpgen_zero(__u8 *p)
{
#ifdef __bpf__
#pragma unroll
	for (__u32 i = 0; i < 56; i += 8)
		*(__u64 *)(p + i) = 0;
	*(__u32 *)(p + 56) = 0;
#else
	__builtin_memset(p, 0, ARPGEN_MIN_FRAME_BYTES);
#endif
}

/* A who-has for the requester's own address would be an announcement, so the next requester asks instead. */
static inline __attribute__((always_inline)) __u32 arpgen_other_than_target(const struct arpgen_stream *stream,
									    __u32 requester_ip, __u32 target_ip)
{
	if (stream->kind != ARPGEN_WHO_HAS || requester_ip != target_ip)
		return requester_ip;
	return stream->requester_first + (requester_ip - stream->requester_first + 1) % stream->requester_count;
}

/* Determines requester, target and flow of frame `index`: all but the bytes. */
static inline __attribute__((always_inline)) void arpgen_choose(const struct arpgen_plan *plan,
								const struct arpgen_tables *tables, __u64 index,
								struct arpgen_frame *frame)
{
	__u64 draw = arpgen_draw(plan->seed, index);
	const struct arpgen_stream *stream;
	__u32 target;

	frame->stream = arpgen_stream_of(plan, (__u32)draw);
	stream = &plan->streams[frame->stream & (ARPGEN_MAX_STREAMS - 1)];
	target = arpgen_target_of(tables, stream, frame->stream, index, draw >> 32);
	frame->bytes = arpgen_bytes_of(stream);
	frame->target = stream->first_target + target;
	frame->target_ip = stream->target_first + target;
	frame->requester_ip =
		stream->kind == ARPGEN_PROBE
			? 0
			: arpgen_other_than_target(stream,
						   arpgen_requester_of(stream, index, arpgen_draw(draw, index)),
						   frame->target_ip);
	frame->flow = stream->flow_count == 0 ? ARPGEN_NO_FLOW
					      : arpgen_flow_of(stream, frame->requester_ip, frame->target_ip);
}

/* Writes ARPGEN_MIN_FRAME_BYTES at `p`, whatever frame->bytes is, and no byte after them. */
static inline __attribute__((always_inline)) void arpgen_write(__u8 *p, const struct arpgen_plan *plan,
							       const struct arpgen_tables *tables, __u64 index,
							       const struct arpgen_frame *frame)
{
	const struct arpgen_stream *stream = &plan->streams[frame->stream & (ARPGEN_MAX_STREAMS - 1)];
	__u64 requester = arpgen_requester_mac(stream, frame->requester_ip);
	__u64 known_mac = stream->unicast ? arpgen_target_mac(tables, frame->target) : 0;
	__u8 *payload;

	arpgen_zero(p);
	payload = arpgen_write_ethernet(p, stream, known_mac ? known_mac : ARPL_MAC_BROADCAST, requester);
	if (stream->kind == ARPGEN_OTHER)
		__builtin_memcpy(payload, &index, sizeof(index));
	else
		arpgen_write_arp(payload, stream, frame, requester, known_mac ? known_mac : ARPL_MAC_BROADCAST);
}

#endif
