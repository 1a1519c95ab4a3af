/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Classifies broadcast and multicast frames other than ARP for storm limits, and finds those that no limit may
 * drop.
 */
#ifndef ARPLINE_SHARED_STORM_H
#define ARPLINE_SHARED_STORM_H

#include "packet.h"

#define ARPL_ETHERTYPE_IPV4 0x0800U
#define ARPL_ETHERTYPE_IPV6 0x86ddU
#define ARPL_LEAST_ETHERTYPE 0x0600U /* values below are a length (IEEE 802.3) */

#define ARPL_IPV4_BYTES 20U
#define ARPL_IPV6_BYTES 40U
#define ARPL_IPV6_EXTENSIONS 3U /* extension headers that are skipped on the way to ICMPv6 or UDP */
#define ARPL_PROTOCOL_IGMP 2U
#define ARPL_PROTOCOL_UDP 17U
#define ARPL_PROTOCOL_ICMPV6 58U
#define ARPL_PORT_DHCP 67U
#define ARPL_PORT_DHCPV6 546U

/* 01:80:c2:00:00:0x, IEEE 802.1Q table 8-1: for the next bridge only, such as spanning tree and LACP. */
#define ARPL_MAC_LINK_LOCAL 0x0000000000c28001ULL
#define ARPL_MAC_LINK_LOCAL_MASK 0x0000f0ffffffffffULL

/* DHCP (RFC 2131) and DHCPv6 (RFC 8415): a UDP header whose destination port is `first` or the next one. */
static inline __attribute__((always_inline)) int arpl_is_dhcp(const __u8 *udp, const __u8 *end, __u16 first)
{
	__u16 port;

	if (udp + 4 > end)
		return 0;
	port = arpl_swap16(arpl_load16(udp + 2));
	return port == first || port == first + 1;
}

/* DHCP and IGMP. A later fragment has no UDP header and is neither. */
static inline __attribute__((always_inline)) int arpl_ipv4_is_needed(const __u8 *ip, const __u8 *end)
{
	__u32 fragment;

	if (ip + ARPL_IPV4_BYTES > end || ip[0] < 0x45 || ip[0] > 0x4f)
		return 0;
	fragment = arpl_swap16(arpl_load16(ip + 6)) & 0x1fffU;
	if (ip[9] == ARPL_PROTOCOL_IGMP)
		return fragment == 0;
	return ip[9] == ARPL_PROTOCOL_UDP && fragment == 0 &&
	       arpl_is_dhcp(ip + (ip[0] & 15U) * 4U, end, ARPL_PORT_DHCP);
}

/*
 * Neighbour discovery (RFC 4861: types 133 to 137) and multicast listener discovery (RFC 2710 and 3810: types
 * 130 to 132 and 143). Listener reports for other groups count as needed, as IGMP does: a bridge or router on
 * this host learns from them.
 */
static inline __attribute__((always_inline)) int arpl_icmpv6_is_needed(const __u8 *icmp, const __u8 *end)
{
	return icmp + 1 <= end && ((icmp[0] >= 130 && icmp[0] <= 137) || icmp[0] == 143);
}

/* Skips hop-by-hop, routing and destination options. */
static inline __attribute__((always_inline)) int arpl_ipv6_is_needed(const __u8 *ip, const __u8 *end)
{
	const __u8 *p = ip + ARPL_IPV6_BYTES;
	__u8 next;

	if (p > end || ip[0] >> 4 != 6)
		return 0;
	next = ip[6];
#ifdef __bpf__
#pragma unroll
#endif
	for (__u32 i = 0; i < ARPL_IPV6_EXTENSIONS; i++) {
		if (next != 0 && next != 43 && next != 60)
			break;
		if (p + 8 > end)
			return 0;
		next = p[0];
		p += (p[1] + 1U) * 8U;
	}
	if (next == ARPL_PROTOCOL_UDP)
		return arpl_is_dhcp(p, end, ARPL_PORT_DHCPV6);
	return next == ARPL_PROTOCOL_ICMPV6 && arpl_icmpv6_is_needed(p, end);
}

/*
 * The ethertype of a broadcast or multicast frame, in network order, for the look-up of a limit. 0 when a
 * length stands in its place or a tag is cut off; -1 for a frame that no limit may drop.
 */
static inline __attribute__((always_inline)) __s32 arpl_storm_ethertype(const __u8 *p, const __u8 *end)
{
	const __u8 *next = p + ARPL_ETH_BYTES;
	__u16 type;

	if (next > end || !(p[0] & 1U) || (arpl_load_mac(p) & ARPL_MAC_LINK_LOCAL_MASK) == ARPL_MAC_LINK_LOCAL)
		return -1;
	type = arpl_load16(p + 12);
#ifdef __bpf__
#pragma unroll
#endif
	for (__u32 i = 0; i < ARPL_MAX_TAGS; i++) {
		if (type != arpl_swap16(ARPL_ETHERTYPE_8021Q) && type != arpl_swap16(ARPL_ETHERTYPE_8021AD))
			break;
		if (next + ARPL_TAG_BYTES > end)
			return 0;
		type = arpl_load16(next + 2);
		next += ARPL_TAG_BYTES;
	}
	if (type == arpl_swap16(ARPL_ETHERTYPE_ARP) ||
	    (type == arpl_swap16(ARPL_ETHERTYPE_IPV4) && arpl_ipv4_is_needed(next, end)) ||
	    (type == arpl_swap16(ARPL_ETHERTYPE_IPV6) && arpl_ipv6_is_needed(next, end)))
		return -1;
	return arpl_swap16(type) < ARPL_LEAST_ETHERTYPE ? 0 : type;
}

#endif
