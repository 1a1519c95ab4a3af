/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tells `arpline watch` about each frame. Both programs are compiled twice: with ARPL_WATCHED for the object
 * whose programs take the place of the others while somebody watches, and without, where nothing of this is
 * left.
 */
#ifndef ARPLINE_WATCH_BPF_H
#define ARPLINE_WATCH_BPF_H

#include "maps.bpf.h"
#include "shared/act.h"
#include "shared/watched.h"

#ifdef ARPL_WATCHED

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_WATCHERS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct arpl_watch_filter);
} watch_filters SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arpl_watch_left_out);
} watch_left_out SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ARPL_WATCHED_RING_BYTES); /* records are struct arpl_watched_frame */
} watched SEC(".maps") __weak;

/* The frame in work: the stack that is left would not hold it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arpl_watched);
} watch_about SEC(".maps") __weak;

ARPL_INLINE __u32 watch_netns_of_mac(__u64 mac)
{
	const struct arpl_sender *sender = arpl_sender_find(0, mac);

	return sender ? sender->netns : 0;
}

ARPL_INLINE __u32 watch_netns_of_endpoint(__be32 address, __u16 vlan)
{
	const struct arpl_endpoint_stats *stats = arpl_stats_at(0, arpl_index_find_filtered(0, address, vlan));

	return stats ? stats->netns : 0;
}

/* Counts the frame as left out for each of the watchers in `bits`. */
ARPL_INLINE void watch_leave_out(__u32 bits)
{
	__u32 zero = 0;
	struct arpl_watch_left_out *left_out = bpf_map_lookup_elem(&watch_left_out, &zero);

	if (!left_out)
		return;
	for (__u32 i = 0; i < ARPL_WATCHERS; i++)
		left_out->frames[i] += bits >> i & 1;
}

/* The watchers that want the frame and have a token for it, as bits; counts it as left out for the others. */
ARPL_INLINE __u32 watch_takers(struct arpl_watched *frame)
{
	__u32 takers = 0, left_out = 0;

	for (__u32 i = 0; i < ARPL_WATCHERS; i++) {
		__u32 index = i;
		struct arpl_watch_filter *filter = bpf_map_lookup_elem(&watch_filters, &index);

		if (!filter || !(filter->flags & ARPL_WATCH_ON))
			continue;
		if ((filter->flags & ARPL_WATCH_NETNS) && frame->from_netns == 0 && frame->to_netns == 0) {
			frame->from_netns = watch_netns_of_mac(frame->sender_mac);
			frame->to_netns = watch_netns_of_endpoint(frame->target_ip, frame->vlan);
		}
		if (!arpl_watch_wants(filter, frame))
			continue;
		if (arpl_watch_token(filter, frame->time_ns))
			takers |= 1U << i;
		else
			left_out |= 1U << i;
		ARPL_FORGET(takers, frame->time_ns);
		ARPL_FORGET(left_out, frame->time_ns);
	}
	if (left_out != 0)
		watch_leave_out(left_out);
	return takers;
}

/* A record for the frame, if anybody takes it. */
ARPL_INLINE struct arpl_watched_frame *watch_record(struct arpl_watched *about)
{
	struct arpl_watched_frame *record;
	__u32 takers = watch_takers(about);

	if (takers == 0)
		return 0;
	record = bpf_ringbuf_reserve(&watched, sizeof(*record), 0);
	if (!record) {
		watch_leave_out(takers);
		return 0;
	}
	about->time_ns = bpf_ktime_get_ns();
	about->watchers = (__u8)takers;
	about->bytes = about->frame_bytes < ARPL_WATCHED_BYTES ? about->frame_bytes : ARPL_WATCHED_BYTES;
	record->about = *about;
	return record;
}

ARPL_INLINE struct arpl_watched *watch_about_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&watch_about, &zero);
}

/* The frame as parsed, in `watch_about`. */
ARPL_INLINE struct arpl_watched *watch_begin(enum arpl_parsed parsed, const struct arpl_arp *arp,
					     __u32 frame_bytes, __u64 now)
{
	struct arpl_watched *about = watch_about_now();

	if (!about)
		return 0;
	about->time_ns = now;
	about->eth_dst = arp->eth_dst;
	about->eth_src = arp->eth_src;
	about->sender_mac = arp->sender_mac;
	about->target_mac = arp->target_mac;
	about->sender_ip = arp->sender_ip;
	about->target_ip = arp->target_ip;
	about->frame_bytes = frame_bytes;
	about->from_netns = 0;
	about->to_netns = 0;
	about->op = arp->op;
	about->vlan = arp->vlan;
	about->parsed = (__u8)parsed;
	return about;
}

/*
 * The rest of watch_received(): the verifier follows it once. `about->outcome` is the verdict, and
 * `about->claims` whether to look for a claim.
 */
ARPL_CALLED int arpl_watch_received(struct xdp_md *ctx)
{
	struct arpl_watched *about = watch_about_now();
	struct arpl_watched_frame *record;
	const struct arpl_arp sender = {.sender_ip = about ? about->sender_ip : 0,
					.sender_mac = about ? about->sender_mac : 0,
					.vlan = about ? about->vlan : 0};
	__u32 bytes;

	if (!about)
		return 0;
	about->claims = about->claims && arpl_claimed_slot(0, &sender) != ARPL_NO_SLOT;
	if (arpl_observed(arpl_limits_now(0), about->outcome))
		about->outcome = (__u8)arpl_would_index(about->outcome);
	record = watch_record(about);
	if (!record)
		return 0;
	/*
	 * For verifiers before Linux 6.11: they can't follow the one test that the compiler would make of the
	 * two, and a test for 0 tells them nothing.
	 */
	bytes = about->bytes;
	if (bytes > ARPL_WATCHED_BYTES)
		bytes = ARPL_WATCHED_BYTES;
	ARPL_HIDE(bytes);
	if (bytes < ARPL_ETH_BYTES || bpf_xdp_load_bytes(ctx, 0, record->bytes, bytes))
		record->about.bytes = 0;
	record->about.frame_bytes = (__u32)bpf_xdp_get_buff_len(ctx);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

/* To be called behind the decision, and before the frame is changed. */
ARPL_INLINE void watch_received(struct xdp_md *ctx, enum arpl_parsed parsed, const struct arpl_arp *arp,
				const struct arpl_decision *decision, __u64 now)
{
	struct arpl_watched *about = watch_begin(parsed, arp, arp->frame_bytes, now);

	if (!about)
		return;
	about->side = ARPL_SIDE_WIRE;
	about->outcome = (__u8)decision->verdict;
	about->claims = decision->verdict >= ARPL_own_mac && !decision->known; /* as arpl_note_said() */
	arpl_watch_received(ctx);
}

ARPL_CALLED int arpl_watch_sent(struct __sk_buff *skb)
{
	struct arpl_watched *about = watch_about_now();
	struct arpl_watched_frame *record = about ? watch_record(about) : 0;
	__u32 bytes;

	if (!record)
		return 0;
	/*
	 * For verifiers before Linux 6.11: they can't follow the one test that the compiler would make of the
	 * two, and a test for 0 tells them nothing.
	 */
	bytes = about->bytes;
	if (bytes > ARPL_WATCHED_BYTES)
		bytes = ARPL_WATCHED_BYTES;
	ARPL_HIDE(bytes);
	if (bytes < ARPL_ETH_BYTES || bpf_skb_load_bytes(skb, 0, record->bytes, bytes))
		record->about.bytes = 0;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

/* `requester`: as from arpl_handle_sent(). */
ARPL_INLINE void watch_sent(struct __sk_buff *skb, const struct arpl_arp *arp, enum arpl_sent sent,
			    __be32 requester, __u64 now)
{
	struct arpl_watched *about = watch_begin(ARPL_PARSED, arp, skb->len, now);
	const struct arpl_sender *sender = arpl_sender_find(0, arp->eth_src);

	if (!about || sent == ARPL_SENT_SELF_TEST)
		return;
	about->side = !sender ? ARPL_SIDE_STRANGER : sender->host ? ARPL_SIDE_HOST : ARPL_SIDE_CONTAINER;
	about->outcome = (__u8)(ARPL_OUTCOME_SENT + (__u32)sent);
	about->claims = sent == ARPL_SENT_CLAIMS || sent == ARPL_SENT_DROPPED;
	if (requester != 0)
		about->target_ip = requester;
	arpl_watch_sent(skb);
}

#else

ARPL_INLINE void watch_received(struct xdp_md *ctx, enum arpl_parsed parsed, const struct arpl_arp *arp,
				const struct arpl_decision *decision, __u64 now)
{
}

ARPL_INLINE void watch_sent(struct __sk_buff *skb, const struct arpl_arp *arp, enum arpl_sent sent,
			    __be32 requester, __u64 now)
{
}

#endif

#endif
