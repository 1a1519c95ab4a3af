/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parses the bytes of a frame into an ARP packet: RFC 826 over Ethernet, with IEEE 802.1Q tags in the frame.
 * Works on any byte range and reads nothing at or behind `end`.
 */
#ifndef ARPLINE_SHARED_PACKET_H
#define ARPLINE_SHARED_PACKET_H

#include <linux/types.h>

#include "abi.h"

/* Byte offsets and lengths: Ethernet II, 802.1Q, RFC 826. */
#define ARPL_ETH_BYTES 14U
#define ARPL_TAG_BYTES 4U
#define ARPL_ARP_BYTES 28U
#define ARPL_MAX_TAGS 3U /* that the parser skips; frames with more than one are not served */

#define ARPL_ETHERTYPE_ARP 0x0806U
#define ARPL_ETHERTYPE_8021Q 0x8100U
#define ARPL_ETHERTYPE_8021AD 0x88a8U
#define ARPL_VLAN_ID_MASK 0x0fffU

#define ARPL_OP_REQUEST 1U
#define ARPL_OP_REPLY 2U

enum arpl_parsed {
	ARPL_NOT_ARP,
	ARPL_PARSED_MALFORMED, /* ARP, but not for IPv4 over Ethernet */
	ARPL_PARSED_TAGS,      /* ARP behind two tags or an 802.1ad tag; struct arpl_arp has no addresses */
	ARPL_PARSED,
};

struct arpl_arp {
	__u64 eth_dst; /* MAC words */
	__u64 eth_src;
	__u64 sender_mac;
	__u64 target_mac;
	__be32 sender_ip;
	__be32 target_ip;
	__u16 op;	  /* host order */
	__u16 vlan;	  /* host order; 0 without a tag or with a priority tag */
	__u16 arp_offset; /* of the ARP header, bytes from the frame's start */
	__u16 tags;
	__u32 frame_bytes; /* the whole frame's length; set by the caller */
	__u16 linear;	   /* 1 when the frame is in one piece; set by the caller */
	__u16 ieee802;	   /* 1 for hardware type 6 (IEEE 802), which Linux treats as Ethernet */
};

/* Unaligned loads. In BPF a cast makes them one instruction; in C++ only memcpy is defined behaviour. */
static inline __attribute__((always_inline)) __u16 arpl_load16(const void *p)
{
#ifdef __bpf__
	return *(const __u16 *)p;
#else
	__u16 v;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
#endif
}

static inline __attribute__((always_inline)) __u32 arpl_load32(const void *p)
{
#ifdef __bpf__
	return *(const __u32 *)p;
#else
	__u32 v;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
#endif
}

static inline __attribute__((always_inline)) __u64 arpl_load64(const void *p)
{
#ifdef __bpf__
	return *(const __u64 *)p;
#else
	__u64 v;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
#endif
}

/* Unaligned stores, by the same rule. The value is in the byte order that memory gets. */
static inline __attribute__((always_inline)) void arpl_put16(void *p, __u16 v)
{
#ifdef __bpf__
	*(__u16 *)p = v;
#else
	__builtin_memcpy(p, &v, sizeof(v));
#endif
}

static inline __attribute__((always_inline)) void arpl_put32(void *p, __u32 v)
{
#ifdef __bpf__
	*(__u32 *)p = v;
#else
	__builtin_memcpy(p, &v, sizeof(v));
#endif
}

static inline __attribute__((always_inline)) void arpl_put64(void *p, __u64 v)
{
#ifdef __bpf__
	*(volatile __u64 *)p = v;
#else
	__builtin_memcpy(p, &v, sizeof(v));
#endif
}

/* Network order to host order and back. */
static inline __attribute__((always_inline)) __u16 arpl_swap16(__u16 v)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap16(v);
#else
	return v;
#endif
}

static inline __attribute__((always_inline)) __u32 arpl_swap32(__u32 v)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap32(v);
#else
	return v;
#endif
}

static inline __attribute__((always_inline)) __u64 arpl_load_mac(const __u8 *p)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u64)arpl_load32(p) | (__u64)arpl_load16(p + 4) << 32;
#else
	return (__u64)p[0] | (__u64)p[1] << 8 | (__u64)p[2] << 16 | (__u64)p[3] << 24 | (__u64)p[4] << 32 |
	       (__u64)p[5] << 40;
#endif
}

static inline __attribute__((always_inline)) void arpl_store_mac(__u8 *p, __u64 mac)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	arpl_put32(p, (__u32)mac);
	arpl_put16(p + 4, (__u16)(mac >> 32));
#else
	p[0] = (__u8)mac;
	p[1] = (__u8)(mac >> 8);
	p[2] = (__u8)(mac >> 16);
	p[3] = (__u8)(mac >> 24);
	p[4] = (__u8)(mac >> 32);
	p[5] = (__u8)(mac >> 40);
#endif
}

/*
 * Parses the 28 bytes of ARP at `p`; returns 1 for a packet for IPv4 over Ethernet. Hardware type 1 is
 * Ethernet; type 6 counts too, because Linux accepts it, answers it and learns from it.
 */
static inline __attribute__((always_inline)) int arpl_parse_arp(const __u8 *p, const __u8 *end,
								struct arpl_arp *arp)
{
	__u32 types;

	if (p + ARPL_ARP_BYTES > end)
		return 0;
	types = arpl_load32(p);
	arp->ieee802 = 0;
	if (types != arpl_swap32(0x00010800U)) {
		if (types != arpl_swap32(0x00060800U))
			return 0;
		arp->ieee802 = 1;
	}
	if (arpl_load16(p + 4) != arpl_swap16(0x0604U))
		return 0;
	arp->op = arpl_swap16(arpl_load16(p + 6));
	arp->sender_mac = arpl_load_mac(p + 8);
	arp->sender_ip = arpl_load32(p + 14);
	arp->target_mac = arpl_load_mac(p + 18);
	arp->target_ip = arpl_load32(p + 24);
	return 1;
}

/*
 * Parses the frame in [data, end). For a frame that is not ARP it costs three compares of the ethertype. The
 * loop over the tags is unrolled for the verifier.
 */
static inline __attribute__((always_inline)) enum arpl_parsed arpl_parse(const void *data, const void *data_end,
									 struct arpl_arp *arp)
{
	const __u8 *p = (const __u8 *)data;
	const __u8 *end = (const __u8 *)data_end;
	const __u8 *next = p + ARPL_ETH_BYTES;
	__u16 type;
	__u16 outer_ad = 0;

	if (next > end)
		return ARPL_NOT_ARP;
	type = arpl_load16(p + 12);
	arp->tags = 0;
	arp->vlan = 0;
#ifdef __bpf__
#pragma unroll
#endif
	for (__u32 i = 0; i < ARPL_MAX_TAGS; i++) {
		if (type != arpl_swap16(ARPL_ETHERTYPE_8021Q) && type != arpl_swap16(ARPL_ETHERTYPE_8021AD))
			break;
		if (next + ARPL_TAG_BYTES > end)
			return ARPL_NOT_ARP;
		outer_ad |= type == arpl_swap16(ARPL_ETHERTYPE_8021AD);
		arp->vlan = arpl_swap16(arpl_load16(next)) & ARPL_VLAN_ID_MASK;
		arp->tags++;
		type = arpl_load16(next + 2);
		next += ARPL_TAG_BYTES;
	}
	if (type != arpl_swap16(ARPL_ETHERTYPE_ARP))
		return ARPL_NOT_ARP;
	if (arp->tags > 1 || outer_ad)
		return ARPL_PARSED_TAGS;
	arp->eth_dst = arpl_load_mac(p);
	arp->eth_src = arpl_load_mac(p + 6);
	arp->arp_offset = (__u16)(ARPL_ETH_BYTES + arp->tags * ARPL_TAG_BYTES);
	return arpl_parse_arp(next, end, arp) ? ARPL_PARSED : ARPL_PARSED_MALFORMED;
}

#endif
