/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The boundary between the kernel and the engine: every map's key and value, every limit and flag.
 * Included by the BPF programs and by the C++ engine; there is no second copy of any of it.
 *
 * Byte order: __be types are in network order, everything else in the machine's order.
 * Time: nanoseconds of CLOCK_MONOTONIC; 0 means never.
 * A MAC word holds the address's first byte in its lowest 8 bits, the sixth in bits 40 to 47.
 */
#ifndef ARPLINE_SHARED_ABI_H
#define ARPLINE_SHARED_ABI_H

#include <linux/types.h>

/* Raised by any change to a map's shape or meaning; other versions' maps are never reused. */
#define ARPL_ABI_VERSION 2U

/* The limits. Nothing that arrives from the wire can grow a table beyond them. */
#define ARPL_MAX_ENDPOINTS 65536U
#define ARPL_MAX_MACS 65536U
#define ARPL_MAX_PAIRS 262144U /* a power of two: the hash's low bits are the index */
#define ARPL_MAX_QUEUES 64U
#define ARPL_MAX_WORKERS 16U
#define ARPL_SOURCE_BUCKETS 4096U /* a power of two */
#define ARPL_EVENTS_BYTES 262144U
#define ARPL_MAX_SERVED_FRAME_BYTES 128U
#define ARPL_MAX_UNANSWERED 3U

#define ARPL_SECOND_NS 1000000000ULL
#define ARPL_MAX_RING_AGE_NS ARPL_SECOND_NS	   /* an older frame is not answered */
#define ARPL_CONTESTED_NS (60ULL * ARPL_SECOND_NS) /* so long must an address be without a claim */
#define ARPL_STRANGER_NS ARPL_SECOND_NS		   /* so seldom is an unknown MAC reported */
#define ARPL_NEIGH_FULL_NS (5ULL * ARPL_SECOND_NS) /* so long a sighting of the full table counts */

#define ARPL_MAC_MASK 0x0000ffffffffffffULL
#define ARPL_MAC_BROADCAST 0x0000ffffffffffffULL
#define ARPL_MAC_MULTICAST_BIT 0x0000000000000001ULL

/* Why an endpoint is not served: flags in the high 16 bits of a slot's word. A word of 0 is a withdrawn slot. */
#define ARPL_SLOT_FLUX (1ULL << 48)	   /* another interface of its namespace answers for it too */
#define ARPL_SLOT_MODE_SOURCE (1ULL << 49) /* a macvlan in mode source takes no unlisted unicast */
#define ARPL_SLOT_DUPLICATE (1ULL << 50)   /* two interfaces have the same address */
#define ARPL_SLOT_DOWN (1ULL << 51)	   /* its interface is down, or has no carrier */
#define ARPL_SLOT_NOARP (1ULL << 52)	   /* its interface has IFF_NOARP */
#define ARPL_SLOT_FLAGS_MASK 0xffff000000000000ULL

/* What a person dumps: `bpftool map dump pinned …/endpoints`. */
struct arpl_endpoint_key {
	__be32 address;
	__u16 vlan; /* 802.1Q id in host order; 0 without a tag or with a priority tag */
	__u16 zero;
};

struct arpl_endpoint {
	__u32 slot;
	__u8 prefix_bits; /* the widest prefix on its interface that contains the address */
	__u8 zero[3];
	__u8 dotted[4]; /* the key's address again, for whoever reads a dump */
};

/* One cache line. `word` is read once and written once, so that MAC and flags always belong together. */
struct arpl_slot {
	__u64 word;	    /* MAC word | ARPL_SLOT_* */
	__u32 generation;   /* bumped by control: un-confirms the endpoint and all its pairs */
	__u32 unanswered;   /* seconds in which a TO_CHILD was sent since the kernel's last answer */
	__u64 confirmed_at; /* the kernel's last answer; 0: not confirmed */
	__u64 unanswered_at;
	__u64 claimed_at; /* last ARP frame with this address and another MAC */
	__u64 reserved[3];
};

/* Per slot, added to by several CPUs with atomic adds. */
struct arpl_endpoint_stats {
	__u64 requests;	 /* who-has for this endpoint from the wire */
	__u64 to_child;	 /* handed to its kernel as unicast */
	__u64 ringed;	 /* handed to the engine */
	__u64 reflected; /* answered by the XDP program itself; not in this version */
	__u64 claims;	 /* ARP frames with its address and another MAC */
	__u64 last_seen; /* time of the last request */
	__u64 last_requester_mac;
	__u64 last_claimant_mac;
	__be32 last_requester;
	__u32 zero;
	__u64 reserved[7];
};

/* Budgets and switches now in force; control writes one aligned word at a time. */
struct arpl_limits {
	__u64 pair_ttl_ns;
	__u64 to_child_interval_ns; /* GCRA: see bucket.h */
	__u64 to_child_burst_ns;
	__u64 source_interval_ns; /* one source MAC's share of it */
	__u64 source_burst_ns;
	__u64 event_interval_ns;
	__u64 event_burst_ns;
	__u64 credit_window; /* frames per queue that may be between program and worker */
	__u64 neigh_full_ns; /* when control last saw the neighbour table full */
	__u64 flags;	     /* ARPL_LIMIT_* */
	__u64 reserved[22];  /* ring and foreign budgets */
};

#define ARPL_LIMIT_OBSERVE (1ULL << 0)	   /* count would_…, pass everything */
#define ARPL_LIMIT_HIDDEN_TAGS (1ULL << 1) /* the NIC strips tags: a frame's vlan is not certain */

/* Indices into `buckets`; one per source MAC follows, by keyed hash. */
#define ARPL_BUCKET_TO_CHILD 0U
#define ARPL_BUCKET_EVENTS 1U
#define ARPL_BUCKET_STRANGERS 2U
#define ARPL_BUCKET_SOURCES 3U
#define ARPL_BUCKETS (ARPL_BUCKET_SOURCES + ARPL_SOURCE_BUCKETS)

/* The writers of `sent` and `consumed` never share a cache line (nor its prefetched neighbour). */
struct arpl_credit {
	__u64 sent; /* the program's */
	__u64 pad0[15];
	__u64 consumed; /* the worker's: frames taken from the ring, and frames the kernel says it lost */
	__u64 pad1[15];
};

/*
 * The first 40 bytes are the same in every version, so that another one can read what it replaces; more may follow.
 */
struct arpl_meta {
	__u32 abi_version;
	__u32 parent_ifindex;
	__u64 hash_key[2]; /* drawn once with the maps */
	__u32 owner_pid;
	__u32 clsact_created; /* 1: the clsact qdisc is ours to remove */
	__u32 egress_pref;
	__u32 egress_handle;
};

/* What the egress program saw; `self_tests` tells whether another filter hides it. */
struct arpl_egress_stats {
	__u64 seen;
	__u64 confirmed;
	__u64 claims;
	__u64 self_tests;
};

/* Handed over in front of a frame in the AF_XDP ring. */
struct arpl_ring_meta {
	__u32 slot;
	__u32 generation;
	__u64 time_ns;
};

enum arpl_event_type {
	ARPL_EVENT_CLAIM_FROM_WIRE = 1,
	ARPL_EVENT_CLAIM_FROM_HOST = 2, /* seen by egress: the host or a sibling */
	ARPL_EVENT_OWN_MAC = 3,		/* a MAC of ours came in from the wire */
	ARPL_EVENT_STRANGER =
		4, /* seen by egress: sent by a MAC that is nobody's here; a child not found yet? */
};

struct arpl_event {
	__u64 time_ns;
	__u64 mac; /* the sender's MAC word */
	__be32 address;
	__u16 vlan;
	__u16 type; /* enum arpl_event_type */
};

/* RFC 5494: the second experimental opcode. The self-test's frame carries it from the parent's MAC to itself. */
#define ARPL_SELF_TEST_OP 25U

/* The pin that is not a map, in the folder of a parent. */
#define ARPL_PIN_INGRESS_LINK "ingress_link"

#ifdef __cplusplus
#define ARPL_STATIC_ASSERT static_assert
#else
#define ARPL_STATIC_ASSERT _Static_assert
#endif

ARPL_STATIC_ASSERT(sizeof(struct arpl_endpoint_key) == 8, "map key without padding");
ARPL_STATIC_ASSERT(sizeof(struct arpl_endpoint) == 12, "map value");
ARPL_STATIC_ASSERT(sizeof(struct arpl_slot) == 64, "one cache line");
ARPL_STATIC_ASSERT(__builtin_offsetof(struct arpl_slot, word) == 0, "aligned word");
ARPL_STATIC_ASSERT(sizeof(struct arpl_endpoint_stats) == 128, "two cache lines");
ARPL_STATIC_ASSERT(sizeof(struct arpl_limits) == 256, "room for the budgets to come");
ARPL_STATIC_ASSERT(sizeof(struct arpl_credit) == 256, "two pairs of cache lines");
ARPL_STATIC_ASSERT(__builtin_offsetof(struct arpl_credit, consumed) == 128, "its own pair");
ARPL_STATIC_ASSERT(sizeof(struct arpl_meta) == 40, "map value");
ARPL_STATIC_ASSERT(sizeof(struct arpl_ring_meta) == 16, "a multiple of 4, at most 32");
ARPL_STATIC_ASSERT(sizeof(struct arpl_event) == 24, "ring buffer record");
ARPL_STATIC_ASSERT((ARPL_MAX_PAIRS & (ARPL_MAX_PAIRS - 1)) == 0, "index mask");
ARPL_STATIC_ASSERT((ARPL_SOURCE_BUCKETS & (ARPL_SOURCE_BUCKETS - 1)) == 0, "index mask");

#endif
