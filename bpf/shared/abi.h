/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The boundary between the kernel and the engine: the keys and values of all maps, the limits and the flags.
 * The BPF programs and the C++ engine include this file, so no definition exists twice.
 *
 * Byte order: __be types are in network order, all others in host order.
 * Time: nanoseconds of CLOCK_MONOTONIC; 0 means never.
 * A MAC word holds the address's first byte in its lowest 8 bits, the sixth in bits 40 to 47.
 */
#ifndef ARPLINE_SHARED_ABI_H
#define ARPLINE_SHARED_ABI_H

#include <linux/types.h>

#define ARPL_INLINE static inline __attribute__((always_inline))

/* In BPF a separate (global) function: the verifier follows it once, not once for each path that calls it. */
#ifdef __bpf__
#define ARPL_CALLED __attribute__((weak, noinline))
#else
#define ARPL_CALLED ARPL_INLINE
#endif

/*
 * In BPF, makes the verifier forget all that it has learned about `value` except that it is a number. Paths
 * that differ in `value` only look the same from here on, so the verifier follows one of them. `unknown`: any
 * number whose value the verifier does not know.
 */
#ifdef __bpf__
#define ARPL_FORGET(value, unknown) asm volatile("%0 ^= %1; %0 ^= %1" : "+r"(value) : "r"(unknown))
#else
#define ARPL_FORGET(value, unknown) ((void)0)
#endif

/* In BPF, keeps the compiler from what it knows about `value`. */
#ifdef __bpf__
#define ARPL_HIDE(value) asm volatile("" : "+r"(value))
#else
#define ARPL_HIDE(value) ((void)0)
#endif

/*
 * Raised with each change to a map's layout or meaning (tools/abi checks it). Maps of another version are never
 * reused.
 */
#define ARPL_ABI_VERSION 7U

/* The sizes. Frames from the wire can't make a table grow beyond them. */
#define ARPL_MAX_ENDPOINTS 65536U
#define ARPL_MAX_MACS 65536U
#define ARPL_PAIR_WAYS 4U     /* words in which a pair may be stored, side by side */
#define ARPL_PAIR_SETS 65536U /* a power of two */
#define ARPL_MAX_QUEUES 64U
#define ARPL_MAX_WORKERS 16U
#define ARPL_SOURCE_BUCKETS 4096U /* for each share (enum arpl_source_share); a power of two */
#define ARPL_INDEX_SETS 16384U	  /* a power of two: 1 << ARPL_INDEX_BITS */
#define ARPL_INDEX_BITS 14U
#define ARPL_INDEX_CELLS 8U
#define ARPL_FILTER_BITS 17U
#define ARPL_FILTER_PART_WORDS (1U << (ARPL_FILTER_BITS - 6)) /* 16 KiB */
#define ARPL_FILTER_WORDS (8U * ARPL_FILTER_PART_WORDS)	      /* 8 parts: enum arpl_filter_part */
#define ARPL_HEARD_PLACES 8192U				      /* a power of two */
/* Words in a place: one for each enum arpl_heard, three spare. */
#define ARPL_HEARD_WORDS 8U
#define ARPL_HEARD_ENTRIES (ARPL_HEARD_PLACES * ARPL_HEARD_WORDS)
#define ARPL_MAX_STORM_LIMITS 64U
#define ARPL_MAX_GROUPS 4096U
#define ARPL_EVENTS_BYTES 262144U
#define ARPL_MAX_SERVED_FRAME_BYTES 128U
#define ARPL_MAX_UNANSWERED 3U

#define ARPL_SECOND_NS 1000000000ULL
/* A frame that has spent more time in the ring is not answered. */
#define ARPL_MAX_RING_AGE_NS ARPL_SECOND_NS
#define ARPL_CONTESTED_NS (60ULL * ARPL_SECOND_NS) /* an address is contested for this long after a claim */
#define ARPL_STRANGER_NS ARPL_SECOND_NS		   /* at most one unknown MAC is reported in this time */
/* An endpoint stays confirmed for this long after its kernel's last answer. */
#define ARPL_CONFIRMED_NS (600ULL * ARPL_SECOND_NS)
/* A kernel's reply confirms if it comes within this time after the who-has was handed over. */
#define ARPL_HANDED_NS (ARPL_SECOND_NS / 4)
/* A kernel's reply to a check counts if it comes within this time. */
#define ARPL_CHECK_NS (2ULL * ARPL_SECOND_NS)
#define ARPL_CHECK_EVERY_NS (ARPL_SECOND_NS / 10)	/* an endpoint is checked once in this time at most */
#define ARPL_CHECK_INTERVAL_NS (ARPL_SECOND_NS / 20000) /* budget of checks for all endpoints of a parent */
#define ARPL_CHECK_BURST_NS (ARPL_SECOND_NS / 10)
#define ARPL_PROBE_INTERVAL_NS (ARPL_SECOND_NS / 10000) /* budget of probes that are handed to the kernels */
#define ARPL_PROBE_BURST_NS (ARPL_SECOND_NS / 10)
/* The egress program counts as seen for this long after a self-test. */
#define ARPL_EGRESS_SEEN_NS (2ULL * ARPL_SECOND_NS)
/* The neighbour table counts as full for this long after it was seen full. */
#define ARPL_NEIGH_FULL_NS (5ULL * ARPL_SECOND_NS)
/* A station is trusted for this long after its announcement. */
#define ARPL_ANNOUNCED_NS (60ULL * ARPL_SECOND_NS)
/* An address counts as asked for, or answered for, for this long. */
#define ARPL_HEARD_NS (86400ULL * ARPL_SECOND_NS)

#define ARPL_MAC_MASK 0x0000ffffffffffffULL
#define ARPL_MAC_BROADCAST 0x0000ffffffffffffULL
#define ARPL_MAC_MULTICAST_BIT 0x0000000000000001ULL

/*
 * Reasons not to serve an endpoint: flags in the high 16 bits of a slot's word. A word of 0 is a withdrawn
 * slot.
 */
#define ARPL_SLOT_FLUX (1ULL << 48)	   /* another interface of its namespace answers too: ARP flux */
#define ARPL_SLOT_MODE_SOURCE (1ULL << 49) /* a macvlan in mode source takes unicast from listed sources only */
#define ARPL_SLOT_DUPLICATE (1ULL << 50)   /* two interfaces have this address */
#define ARPL_SLOT_DOWN (1ULL << 51)	   /* its interface is down or has no carrier */
#define ARPL_SLOT_NOARP (1ULL << 52)	   /* its interface has IFF_NOARP */
/* Its interface is in the parent's namespace: it is the host's own, not a container's. */
#define ARPL_SLOT_HOST (1ULL << 53)
#define ARPL_SLOT_HOST_ADDRESS                                                                                 \
	(1ULL << 54) /* the host itself has this address and answers for it, not a child */
#define ARPL_SLOT_FLAGS_MASK 0xffff000000000000ULL

/*
 * The hash that people read: `bpftool map dump pinned …/endpoints`. The programs look up `endpoint_index`
 * first.
 */
struct arpl_endpoint_key {
	__be32 address;
	__u16 vlan; /* 802.1Q id in host order; 0 without a tag or with a priority tag */
	__u16 zero;
};

struct arpl_endpoint {
	__u32 slot;
	__u8 prefix_bits; /* of the widest subnet on its interface that contains the address */
	__u8 zero[3];
	__u8 dotted[4]; /* the key's address as four bytes, so that a dump is readable */
};

/*
 * The index of endpoints for the programs. A set is one cache line; arpl_index_set_of() (hash.h) chooses it. A
 * cell of 0 is empty.
 */
struct arpl_index_set {
	/* Address (bits 0 to 31), vlan (32 to 43), slot (44 to 59), ARPL_CELL_*. */
	__u64 cells[ARPL_INDEX_CELLS];
};

#define ARPL_CELL_SLOT_SHIFT 44
#define ARPL_CELL_USED (1ULL << 62)
/* In the set's last cell: the set was full, further endpoints are in `endpoints` only. */
#define ARPL_CELL_OVERFLOW (1ULL << 63)
#define ARPL_CELL_KEY_MASK (((1ULL << ARPL_CELL_SLOT_SHIFT) - 1) | ARPL_CELL_USED)

/* One cache line. `word` is read and written in one access, so that MAC and flags belong together. */
struct arpl_slot {
	__u64 word;	    /* MAC word | ARPL_SLOT_* */
	__u32 generation;   /* control raises it to un-confirm the endpoint and all its pairs */
	__u32 unanswered;   /* seconds with a check since the kernel's last answer */
	__u64 confirmed_at; /* time of the kernel's last answer; 0: not confirmed */
	/* Time of the last check, or of the first who-has handed over since the kernel's last answer. */
	__u64 unanswered_at;
	__u64 claimed_at; /* time of the last claim of this address */
	/* The pair confirmed last, a word as in `pairs`: most endpoints have one busy requester. */
	__u64 last_pair;
	__be32 netmask; /* the mask of arpl_endpoint.prefix_bits */
	__u16 flags;	/* ARPL_FLAG_* */
	__u16 noted;	/* time of the last update of last_seen and last_requester, in units of 134 ms */
#define ARPL_SLOT(name, unit, description) __u64 name;
#include "counters.def"
};

/* A set of confirmed pairs; see hash.h and recent.h. */
struct arpl_pair_set {
	__u64 words[ARPL_PAIR_WAYS];
};

#define ARPL_FLAG_SLOW 1U /* the fast path is off for this endpoint */

/*
 * An endpoint's counters and notes, by slot. CPUs share them and add atomically. Answers of the XDP program
 * itself are counted in the slot, whose cache line the program has read anyway; their requester is copied here
 * once in 134 ms.
 */
struct arpl_endpoint_stats {
#define ARPL_ENDPOINT(name, unit, description) __u64 name;
#include "counters.def"
	__u64 last_seen;
	__u64 last_requester_mac;
	__be32 last_requester;
	__u32 netns; /* control's number of the endpoint's namespace; 0: not known */
	__u64 last_claimant_mac;
	__u64 ring_arrival; /* token bucket: this endpoint's share of the ring (bucket.h) */
	/*
	 * The gateway that arpline has asked for from this endpoint; the gateway's answer clears it at ingress.
	 */
	__be32 awaits;
	/* Counts who-has for this address sent to another MAC: their requesters keep an outdated entry. */
	__u32 misdirected;
	__u64 misdirected_mac; /* the last of those MACs; then the time and the requester */
	__u64 misdirected_at;
	__be32 misdirected_requester;
	__be32 check_requester; /* requester of the last check; then the requester's MAC and the time */
	__u64 check_mac;
	__u64 check_at;
};

/* The rate of a token bucket (bucket.h). interval_ns = 0: no limit; burst_ns < interval_ns: no frame at all. */
struct arpl_budget {
	__u64 interval_ns;
	__u64 burst_ns;
};

/*
 * The budgets and switches in force; control writes one aligned word at a time. docs/limits.md describes each.
 */
struct arpl_limits {
	__u64 pair_ttl_ns;
	__u64 credit_window; /* frames per queue that may be between the program and the worker */
	__u64 neigh_full_ns; /* the last time that control saw the neighbour table full */
	__u64 flags;	     /* ARPL_LIMIT_* */
	struct arpl_budget to_child;
	struct arpl_budget to_child_source; /* a source MAC's share of to_child */
	/* For senders that have announced themselves or were asked for by a container. */
	struct arpl_budget to_child_trusted;
	struct arpl_budget to_child_trusted_source;
	struct arpl_budget ring;     /* this budget and the next three apply only where the fast path is on */
	struct arpl_budget ring_new; /* for requesters that the endpoint's kernel has not answered */
	struct arpl_budget ring_source;
	struct arpl_budget ring_endpoint;
	struct arpl_budget reflect; /* frames beyond this budget or the next are dropped; off by default */
	struct arpl_budget reflect_source;
	struct arpl_budget foreign; /* frames beyond it are dropped; off by default */
	struct arpl_budget events;  /* claims that are reported to control */
	struct arpl_budget own_mac_events;
	/* Frames that kernels learn from and only kernels can answer; beyond it they are dropped. */
	struct arpl_budget odd;
	__u64 parent_mac; /* MAC word */
	/*
	 * The gateway that arpline has asked for from parent_mac, as ARPL_AWAITS; the gateway's answer clears
	 * it at ingress.
	 */
	__u64 host_awaits;
	__u64 egress_seen_ns; /* the last time that control saw the egress program count a self-test */
	__u64 reserved[5];
};

#define ARPL_LIMIT_OBSERVE (1ULL << 0)	   /* count would_… verdicts, pass every frame */
#define ARPL_LIMIT_HIDDEN_TAGS (1ULL << 1) /* the NIC strips VLAN tags: a frame's VLAN is uncertain */
#define ARPL_LIMIT_FAST_PATH (1ULL << 2)   /* the ingress program answers by itself (REFLECT) */
#define ARPL_LIMIT_CLAIMS_DROP (1ULL << 3) /* egress drops claims that this host sends */
/* A frame may have several fragments: the parent's MTU is above 1,500. */
#define ARPL_LIMIT_FRAGS (1ULL << 5)
#define ARPL_LIMIT_OTHER_PAIRS (1ULL << 6) /* look-ups of pairs read the second part of the filter */
/* Look-ups of ARPL_HEARD_ASKED read the second part of the filter. */
#define ARPL_LIMIT_OTHER_HEARD (1ULL << 7)
/* Look-ups of ARPL_HEARD_ANNOUNCED read the second part of the filter. */
#define ARPL_LIMIT_OTHER_ANNOUNCED (1ULL << 9)
#define ARPL_LIMIT_ONE_QUEUE (1ULL << 8) /* the ingress program never runs on two CPUs at the same time */
#define ARPL_LIMIT_STORM (1ULL << 4)	 /* there are limits on broadcast or multicast other than ARP */

#define ARPL_AWAITS(address, vlan) ((__u64)(address) | (__u64)(vlan) << 32 | 1ULL << 63)

/* Indices into `buckets`, and the first index of the shares. */
enum arpl_bucket {
	ARPL_BUCKET_TO_CHILD,
	ARPL_BUCKET_TO_CHILD_TRUSTED,
	ARPL_BUCKET_RING,
	ARPL_BUCKET_RING_NEW,
	ARPL_BUCKET_REFLECT,
	ARPL_BUCKET_FOREIGN,
	ARPL_BUCKET_EVENTS,
	ARPL_BUCKET_OWN_MACS,
	ARPL_BUCKET_STRANGERS,
	ARPL_BUCKET_ODD,
	ARPL_BUCKET_CHECKS,
	ARPL_BUCKET_PROBES,
	/* Then ARPL_SOURCE_BUCKETS for each share; a keyed hash of the source MAC chooses one. */
	ARPL_BUCKET_SOURCES,
};

enum arpl_source_share {
	ARPL_SHARE_TO_CHILD,
	ARPL_SHARE_TRUSTED,
	ARPL_SHARE_RING,
	ARPL_SHARE_REFLECT,
	ARPL_SHARE_ODD, /* this share and the next two are a quarter of their budgets: arpl_quarter() */
	ARPL_SHARE_EVENTS,
	ARPL_SHARE_OWN_MACS,
	ARPL_SHARES,
};

#define ARPL_BUCKETS ((__u32)ARPL_BUCKET_SOURCES + (__u32)ARPL_SHARES * ARPL_SOURCE_BUCKETS)

/*
 * The parts of `filter`. A clear bit says that an entry is not in the table behind the filter. Each frame of a
 * flood reads the filter, and most of the filter is in the CPU's cache. Tables whose entries expire have two
 * parts: bits are set in both, look-ups read one, and control swaps them and clears one once the other covers
 * all entries that still count.
 */
enum arpl_filter_part {
	ARPL_FILTER_MACS,
	ARPL_FILTER_ENDPOINTS,
	ARPL_FILTER_PAIRS, /* and the next part; ARPL_LIMIT_OTHER_PAIRS selects the one that is read */
	/* For ARPL_HEARD_ASKED, and the next part; ARPL_LIMIT_OTHER_HEARD selects the one that is read. */
	ARPL_FILTER_HEARD = 4,
	/*
	 * For ARPL_HEARD_ANNOUNCED, and the next part; ARPL_LIMIT_OTHER_ANNOUNCED selects the one that is read.
	 */
	ARPL_FILTER_ANNOUNCED = 6,
};

/*
 * The kinds of entries in `heard`. A place has one word for each kind, so that an entry evicts only entries of
 * its own kind.
 */
enum arpl_heard {
	ARPL_HEARD_ANNOUNCED, /* an address, at ingress: a station has announced it */
	ARPL_HEARD_ASKED,     /* an address, at egress: a container has asked for it */
	/* An address, at egress: this host has answered for or announced it, and it is not an endpoint's. */
	ARPL_HEARD_ANSWERED,
	ARPL_HEARD_STATION, /* a MAC, at egress: an endpoint's kernel has answered this station on the wire */
	ARPL_HEARD_HANDED,  /* a pair, at ingress: its who-has was handed to the endpoint's kernel; recent.h */
	ARPL_HEARD_KINDS,
};

/* The value of `macs`: an own MAC, and counters of the frames that it has sent through the parent. */
struct arpl_sender {
	/* 1: the MAC of the parent, of a VLAN interface on it, or of a macvlan in the parent's namespace. */
	__u16 host;
	__u16 shared; /* 1: a station on the wire has the same MAC and was there first */
	__u32 netns;  /* numbered as in arpl_endpoint_stats.netns */
#define ARPL_SENDER(name, unit, description) __u64 name;
#include "counters.def"
};

/* A limit on broadcast or multicast other than ARP: the key and value of `storm`. */
struct arpl_storm_key {
	__be16 ethertype; /* 0: all ethertypes without a limit of their own */
	__u16 kind;	  /* enum arpl_storm_kind */
};

enum arpl_storm_kind {
	ARPL_STORM_BROADCAST = 1,
	ARPL_STORM_MULTICAST = 2, /* to a group that neither the host nor a container has joined */
};

struct arpl_storm_limit {
	struct arpl_budget budget;
	__u64 per_second; /* the limit as configured */
	__u64 arrival;	  /* token bucket: bucket.h */
#define ARPL_STORM(name, unit, description) __u64 name;
#include "counters.def"
};

/* The two writers, of `sent` and of `consumed`, must not share a cache line, nor its prefetched neighbour. */
struct arpl_credit {
	__u64 sent; /* frames that the program has put into the ring */
	__u64 pad0[15];
	/* The worker's count: frames taken from the ring, and frames that the kernel reports lost. */
	__u64 consumed;
	__u64 pad1[15];
};

/*
 * The first 40 bytes stay the same in all versions, so that a new version can read what it replaces. Fields may
 * be added behind them.
 */
struct arpl_meta {
	__u32 abi_version;
	__u32 parent_ifindex;
	__u64 hash_key[2]; /* random, drawn when the maps are made */
	__u32 owner_pid;
	__u32 clsact_created; /* 1: arpline has added the clsact qdisc and removes it */
	__u32 reserved[2];
};

/* Counters of the egress program. `self_tests` stands still when another filter hides the program. */
struct arpl_egress_stats {
#define ARPL_EGRESS(name, unit, description) __u64 name;
#include "counters.def"
};

/* The metadata in front of a frame in the AF_XDP ring. */
struct arpl_ring_meta {
	__u32 slot;
	__u32 generation;
	__u64 time_ns;
};

enum arpl_event_type {
	ARPL_EVENT_CLAIM_FROM_WIRE = 1,
	ARPL_EVENT_CLAIM_FROM_HOST = 2, /* seen at egress: the host or a sibling claims */
	ARPL_EVENT_OWN_MAC = 3,		/* one of our MACs came in from the wire */
	/* Seen at egress: a MAC that is nobody's here; its interface may not have been found yet. */
	ARPL_EVENT_STRANGER = 4,
	ARPL_EVENT_CLAIM_DROPPED = 5, /* as CLAIM_FROM_HOST, but egress has dropped the frame */
	/* A gateway has answered an endpoint: the gateway's MAC, the endpoint's address. */
	ARPL_EVENT_PROBE_ANSWER = 6,
	ARPL_EVENT_HOST_ANSWER = 7, /* a gateway has answered the parent: the gateway's MAC and address */
};

struct arpl_event {
	__u64 time_ns;
	__u64 mac; /* the sender's MAC word */
	__be32 address;
	__u16 vlan;
	__u16 type; /* enum arpl_event_type */
};

/*
 * RFC 5494: the second experimental opcode. The self-test frame has it; the parent's MAC is its source and
 * destination.
 */
#define ARPL_SELF_TEST_OP 25U

/* The name of the pinned link, beside the maps' pins in a parent's folder. */
#define ARPL_PIN_INGRESS_LINK "ingress_link"

#ifdef __cplusplus
#define ARPL_STATIC_ASSERT static_assert
#else
#define ARPL_STATIC_ASSERT _Static_assert
#endif

ARPL_STATIC_ASSERT(sizeof(struct arpl_endpoint_key) == 8, "map key without padding");
ARPL_STATIC_ASSERT(sizeof(struct arpl_endpoint) == 12, "map value");
ARPL_STATIC_ASSERT(sizeof(struct arpl_index_set) == 64, "one cache line");
ARPL_STATIC_ASSERT(ARPL_INDEX_SETS == 1U << ARPL_INDEX_BITS, "bits of the hash");
ARPL_STATIC_ASSERT(ARPL_MAX_ENDPOINTS <= 1U << 16, "a slot in 16 bits of a cell");
ARPL_STATIC_ASSERT(sizeof(struct arpl_slot) == 64, "one cache line");
ARPL_STATIC_ASSERT(__builtin_offsetof(struct arpl_slot, word) == 0, "aligned word");
ARPL_STATIC_ASSERT(sizeof(struct arpl_endpoint_stats) == 128, "two cache lines");
ARPL_STATIC_ASSERT(sizeof(struct arpl_sender) == 40, "map value");
ARPL_STATIC_ASSERT(sizeof(struct arpl_storm_key) == 4, "map key without padding");
ARPL_STATIC_ASSERT(sizeof(struct arpl_storm_limit) == 48, "map value");
ARPL_STATIC_ASSERT(sizeof(struct arpl_limits) == 320, "room for the budgets to come");
ARPL_STATIC_ASSERT(sizeof(struct arpl_credit) == 256, "two pairs of cache lines");
ARPL_STATIC_ASSERT(__builtin_offsetof(struct arpl_credit, consumed) == 128, "its own pair");
ARPL_STATIC_ASSERT(sizeof(struct arpl_meta) == 40, "map value");
ARPL_STATIC_ASSERT(sizeof(struct arpl_ring_meta) == 16, "a multiple of 4, at most 32");
ARPL_STATIC_ASSERT(sizeof(struct arpl_event) == 24, "ring buffer record");
ARPL_STATIC_ASSERT((ARPL_PAIR_SETS & (ARPL_PAIR_SETS - 1)) == 0, "index mask");
ARPL_STATIC_ASSERT((ARPL_SOURCE_BUCKETS & (ARPL_SOURCE_BUCKETS - 1)) == 0, "index mask");

/* The state of a slot, in one place for the decision, the announcements and status. */

/* Another MAC has claimed the address within ARPL_CONTESTED_NS: the address is not announced. */
ARPL_INLINE int arpl_slot_contested(const struct arpl_slot *slot, __u64 now)
{
	__u64 claimed_at = slot->claimed_at;

	return claimed_at != 0 && now < claimed_at + ARPL_CONTESTED_NS;
}

/* The endpoint's kernel was heard answering within ARPL_CONFIRMED_NS. */
ARPL_INLINE int arpl_slot_confirmed(const struct arpl_slot *slot, __u64 now)
{
	__u64 confirmed_at = slot->confirmed_at;

	return confirmed_at != 0 && now < confirmed_at + ARPL_CONFIRMED_NS;
}

/* The endpoint's kernel has left three checks without an answer. */
ARPL_INLINE int arpl_slot_unanswered(const struct arpl_slot *slot)
{
	return slot->unanswered >= ARPL_MAX_UNANSWERED;
}

/* Whether the state of the slot allows an announcement; the configuration must allow it as well. */
ARPL_INLINE int arpl_slot_announceable(const struct arpl_slot *slot, __u64 now)
{
	return slot->word != 0 && !arpl_slot_unanswered(slot) && !arpl_slot_contested(slot, now);
}

#endif
