/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes ARP frames as the kernel does: net/ipv4/arp.c arp_create(), and net/8021q for the tag. The tag has the
 * VLAN id only: the kernel's answer has neither the request's priority nor a priority tag.
 */
#ifndef ARPLINE_SHARED_REPLY_H
#define ARPLINE_SHARED_REPLY_H

#include <linux/types.h>

#include "packet.h"

/* The longest frame written here: Ethernet, one tag, ARP. */
#define ARPL_WRITTEN_BYTES (ARPL_ETH_BYTES + ARPL_TAG_BYTES + ARPL_ARP_BYTES)

struct arpl_write {
	__u64 eth_dst; /* MAC words */
	__u64 eth_src;
	__u64 sender_mac;
	__u64 target_mac;
	__be32 sender_ip;
	__be32 target_ip;
	__u16 op;   /* host order */
	__u16 vlan; /* host order; 0: no tag */
};

/* Stores `v` in network order. */
static inline __attribute__((always_inline)) void arpl_store16(__u8 *p, __u16 v)
{
	arpl_put16(p, arpl_swap16(v));
}

/* Writes the frame into [p, p + ARPL_WRITTEN_BYTES) and returns its length in bytes. */
static inline __attribute__((always_inline)) __u32 arpl_write_arp(__u8 *p, const struct arpl_write *w)
{
	__u8 *a = p + 12;

	arpl_store_mac(p, w->eth_dst);
	arpl_store_mac(p + 6, w->eth_src);
	if (w->vlan != 0) {
		arpl_store16(a, ARPL_ETHERTYPE_8021Q);
		arpl_store16(a + 2, w->vlan);
		a += ARPL_TAG_BYTES;
	}
	arpl_store16(a, ARPL_ETHERTYPE_ARP);
	a += 2;
	arpl_store16(a, 1);
	arpl_store16(a + 2, 0x0800);
	a[4] = 6;
	a[5] = 4;
	arpl_store16(a + 6, w->op);
	arpl_store_mac(a + 8, w->sender_mac);
	arpl_put32(a + 14, w->sender_ip);
	arpl_store_mac(a + 18, w->target_mac);
	arpl_put32(a + 24, w->target_ip);
	return (__u32)(a - p) + ARPL_ARP_BYTES;
}

/* Writes the kernel's answer (RFC 826) to the request `arp`, sent by `mac`; returns its length in bytes. */
static inline __attribute__((always_inline)) __u32 arpl_write_reply(__u8 *p, const struct arpl_arp *arp,
								    __u64 mac)
{
	const struct arpl_write reply = {
		.eth_dst = arp->sender_mac,
		.eth_src = mac,
		.sender_mac = mac,
		.target_mac = arp->sender_mac,
		.sender_ip = arp->target_ip,
		.target_ip = arp->sender_ip,
		.op = ARPL_OP_REPLY,
		.vlan = arp->vlan,
	};
	return arpl_write_arp(p, &reply);
}

/* Writes what arpl_write_reply() writes for a request without a tag, its 42 bytes with few stores. */
static inline __attribute__((always_inline)) void arpl_write_reply_wide(__u8 *p, const struct arpl_arp *arp,
									__u64 mac)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	__u64 requester = arp->sender_mac;

	arpl_put64(p, requester | mac << 48);
	arpl_put64(p + 8, (mac & ARPL_MAC_MASK) >> 16 | 0x0100060800000000ULL);
	arpl_put64(p + 16, 0x0000020004060008ULL | mac << 48);
	arpl_put64(p + 24, (mac & ARPL_MAC_MASK) >> 16 | (__u64)arp->target_ip << 32);
	arpl_put64(p + 32, requester | (__u64)arp->sender_ip << 48);
	arpl_put16(p + 40, (__u16)(arp->sender_ip >> 16));
#else
	arpl_write_reply(p, arp, mac);
#endif
}

/* Offsets of the two addresses from the ARP header. */
#define ARPL_SENDER_IP_OFFSET 14U
#define ARPL_TARGET_IP_OFFSET 24U

/*
 * Makes a broadcast who-has unicast to the endpoint's MAC. With `check` it also becomes a probe (RFC 5227
 * section 2.1.1).
 */
static inline __attribute__((always_inline)) void arpl_write_to_child(__u8 *p, __u32 arp_offset, __u64 mac,
								      int check)
{
	arpl_store_mac(p, mac);
	if (check)
		arpl_put32(p + arp_offset + ARPL_SENDER_IP_OFFSET, 0);
}

/* An announcement (RFC 5227 section 2.3): a request with sender IP = target IP, target MAC 0, broadcast. */
static inline __attribute__((always_inline)) struct arpl_write arpl_announcement(__u64 mac, __be32 address,
										 __u16 vlan)
{
	const struct arpl_write announcement = {
		.eth_dst = ARPL_MAC_BROADCAST,
		.eth_src = mac,
		.sender_mac = mac,
		.target_mac = 0,
		.sender_ip = address,
		.target_ip = address,
		.op = ARPL_OP_REQUEST,
		.vlan = vlan,
	};
	return announcement;
}

/*
 * An announcement as a reply (RFC 5227 section 3), for peers that ignore requests. Linux recognizes a
 * gratuitous reply by target MAC = sender MAC.
 */
static inline __attribute__((always_inline)) struct arpl_write
arpl_announcement_reply(__u64 mac, __be32 address, __u16 vlan)
{
	struct arpl_write announcement = arpl_announcement(mac, address, vlan);

	announcement.target_mac = mac;
	announcement.op = ARPL_OP_REPLY;
	return announcement;
}

/* A probe (RFC 5227 section 2.1.1): a request with sender IP 0 and target MAC 0, broadcast. */
static inline __attribute__((always_inline)) struct arpl_write arpl_probe(__u64 mac, __be32 address, __u16 vlan)
{
	struct arpl_write probe = arpl_announcement(mac, address, vlan);

	probe.sender_ip = 0;
	return probe;
}

/* A who-has for `asked` from `address`. `eth_dst`: the last known MAC of `asked`, or broadcast. */
static inline __attribute__((always_inline)) struct arpl_write
arpl_who_has(__u64 mac, __be32 address, __be32 asked, __u64 eth_dst, __u16 vlan)
{
	struct arpl_write who_has = arpl_announcement(mac, address, vlan);

	who_has.eth_dst = eth_dst;
	who_has.target_ip = asked;
	return who_has;
}

#endif
