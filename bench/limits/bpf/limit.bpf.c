/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The limits that responders are measured against: the least that each way of answering ARP costs. One program a
 * mode; docs/performance.md says what each is for. Plain frames only: no tags, no policy; tables only where the look-up
 * is what is measured.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "shared/lookups.h"

#define INLINE static inline __attribute__((always_inline))

/* Byte offsets: Ethernet II and RFC 826. */
#define ETH_TYPE 12
#define ARP_KIND 14    /* hardware type and protocol */
#define ARP_REQUEST 18 /* address lengths and operation */
#define SENDER_MAC 22
#define SENDER_IP 28
#define TARGET_MAC 32
#define TARGET_IP 38
#define FRAME_BYTES 42

/* xdp-tx-index: the factor of the endpoints' places. */
const volatile struct arpl_hash_keys hash_keys = {.factor = 0xff51afd7ed558ccd};

/* to-child: the one who asks for first_ip + i is sent to first_mac + i. In host order; set before load. */
const volatile __u32 first_ip = 0;
const volatile __u16 first_mac_high = 0;
const volatile __u32 first_mac_low = 0;
const volatile __u32 count = 0;

/* What a mode counts, on each CPU: the frames that it handles. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} handled SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

/* As arpline's tables are: what a person dumps, and what frames are looked up in. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ARPL_MAX_ENDPOINTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct arpl_endpoint_key);
	__type(value, struct arpl_endpoint);
} endpoints SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARPL_INDEX_SETS);
	__type(key, __u32);
	__type(value, struct arpl_index_set);
} endpoint_index SEC(".maps");

ARPL_INLINE const struct arpl_endpoint *arpl_endpoint_find(struct arpl_tables *t,
							   const struct arpl_endpoint_key *key)
{
	return bpf_map_lookup_elem(&endpoints, key);
}

ARPL_INLINE const struct arpl_index_set *arpl_index_at(struct arpl_tables *t, __u32 set)
{
	return bpf_map_lookup_elem(&endpoint_index, &set);
}

ARPL_INLINE __u64 *arpl_filter_at(struct arpl_tables *t, __u32 word)
{
	return 0;
}

ARPL_INLINE const struct arpl_hash_keys *arpl_hash_keys_now(struct arpl_tables *t)
{
	const struct arpl_hash_keys *keys = (const struct arpl_hash_keys *)&hash_keys;

	asm("" : "+r"(keys));
	return keys;
}

INLINE __u16 *at16(__u8 *p, int offset)
{
	return (__u16 *)(p + offset);
}

INLINE __u32 *at32(__u8 *p, int offset)
{
	return (__u32 *)(p + offset);
}

INLINE void copy_mac(__u8 *p, int to, int from)
{
	*at32(p, to) = *at32(p, from);
	*at16(p, to + 4) = *at16(p, from + 4);
}

/* 02:00:00:00:00:01 for everybody. */
INLINE void fixed_mac(__u8 *p, int to)
{
	*at32(p, to) = bpf_htonl(0x02000000);
	*at16(p, to + 4) = bpf_htons(1);
}

INLINE void count_one(void)
{
	__u32 zero = 0;
	__u64 *n = bpf_map_lookup_elem(&handled, &zero);

	if (n)
		(*n)++;
}

INLINE int is_who_has(__u8 *p, __u8 *end)
{
	return p + FRAME_BYTES <= end && *at16(p, ETH_TYPE) == bpf_htons(0x0806) &&
	       *at32(p, ARP_KIND) == bpf_htonl(0x00010800) && *at32(p, ARP_REQUEST) == bpf_htonl(0x06040001);
}

/* Of a who-has; its length has been checked. */
INLINE int answer(__u8 *p)
{
	__u32 asked = *at32(p, TARGET_IP);

	copy_mac(p, 0, SENDER_MAC);
	fixed_mac(p, 6);
	*at32(p, ARP_REQUEST) = bpf_htonl(0x06040002);
	copy_mac(p, TARGET_MAC, SENDER_MAC);
	fixed_mac(p, SENDER_MAC);
	*at32(p, TARGET_IP) = *at32(p, SENDER_IP);
	*at32(p, SENDER_IP) = asked;
	count_one();
	return XDP_TX;
}

SEC("xdp.frags")
int limit_xdp_tx(struct xdp_md *ctx)
{
	__u8 *p = (__u8 *)(long)ctx->data;

	return is_who_has(p, (__u8 *)(long)ctx->data_end) ? answer(p) : XDP_PASS;
}

SEC("xdp.frags")
int limit_xdp_tx_hash(struct xdp_md *ctx)
{
	__u8 *p = (__u8 *)(long)ctx->data;
	struct arpl_endpoint_key key = {};

	if (!is_who_has(p, (__u8 *)(long)ctx->data_end))
		return XDP_PASS;
	key.address = *at32(p, TARGET_IP);
	return arpl_endpoint_find(0, &key) ? answer(p) : XDP_PASS;
}

SEC("xdp.frags")
int limit_xdp_tx_index(struct xdp_md *ctx)
{
	__u8 *p = (__u8 *)(long)ctx->data;

	if (!is_who_has(p, (__u8 *)(long)ctx->data_end))
		return XDP_PASS;
	return arpl_index_find(0, *at32(p, TARGET_IP), 0) != ARPL_NO_SLOT ? answer(p) : XDP_PASS;
}

SEC("xdp.frags")
int limit_to_child(struct xdp_md *ctx)
{
	__u8 *p = (__u8 *)(long)ctx->data;
	__u32 child;

	if (!is_who_has(p, (__u8 *)(long)ctx->data_end))
		return XDP_PASS;
	child = bpf_ntohl(*at32(p, TARGET_IP)) - first_ip;
	if (child >= count)
		return XDP_PASS;
	*at16(p, 0) = bpf_htons(first_mac_high);
	*at32(p, 2) = bpf_htonl(first_mac_low + child);
	count_one();
	return XDP_PASS;
}

SEC("xdp.frags")
int limit_af_xdp(struct xdp_md *ctx)
{
	__u8 *p = (__u8 *)(long)ctx->data;

	if (!is_who_has(p, (__u8 *)(long)ctx->data_end))
		return XDP_PASS;
	return (int)bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS);
}

SEC("xdp.frags")
int limit_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

SEC("xdp.frags")
int limit_drop(struct xdp_md *ctx)
{
	(void)ctx;
	count_one();
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
