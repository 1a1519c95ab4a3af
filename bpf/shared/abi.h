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

#define ARPL_INLINE static inline __attribute__((always_inline))

/* In BPF a function of its own, which the verifier follows once and not on every way that leads to it. */
#ifdef __bpf__
#define ARPL_CALLED __attribute__((weak, noinline))
#else
#define ARPL_CALLED ARPL_INLINE
#endif

/*
 * In BPF the verifier knows no more what `value` is, only that it is a number: ways on which it differs are followed once
 * from here. `unknown` is any number that it does not know.
 */
#ifdef __bpf__
#define ARPL_FORGET(value, unknown) asm volatile("%0 ^= %1; %0 ^= %1" : "+r"(value) : "r"(unknown))
#else
#define ARPL_FORGET(value, unknown) ((void)0)
#endif

/* Raised by any change to a map's shape or meaning; other versions' maps are never reused. */
#define ARPL_ABI_VERSION 6U

/* The limits. Nothing that arrives from the wire can grow a table beyond them. */
#define ARPL_MAX_ENDPOINTS 65536U
#define ARPL_MAX_MACS 65536U
#define ARPL_PAIR_WAYS 4U     /* words that a pair may stand in, side by side */
#define ARPL_PAIR_SETS 65536U /* a power of two */
#define ARPL_MAX_QUEUES 64U
#define ARPL_MAX_WORKERS 16U
#define ARPL_SOURCE_BUCKETS 4096U /* of each kind; a power of two */
#define ARPL_INDEX_SETS 16384U	  /* a power of two: ARPL_INDEX_BITS */
#define ARPL_INDEX_BITS 14U
#define ARPL_INDEX_CELLS 8U
#define ARPL_FILTER_BITS 17U
#define ARPL_FILTER_PART_WORDS (1U << (ARPL_FILTER_BITS - 6)) /* 16 KiB */
#define ARPL_FILTER_WORDS (8U * ARPL_FILTER_PART_WORDS)	      /* enum arpl_filter_part */
#define ARPL_HEARD_PLACES 8192U				      /* a power of two */
#define ARPL_HEARD_WORDS 8U				      /* of a place: enum arpl_heard, and three more */
#define ARPL_HEARD_ENTRIES (ARPL_HEARD_PLACES * ARPL_HEARD_WORDS)
#define ARPL_MAX_STORM_LIMITS 64U
#define ARPL_MAX_GROUPS 4096U
#define ARPL_EVENTS_BYTES 262144U
#define ARPL_MAX_SERVED_FRAME_BYTES 128U
#define ARPL_MAX_UNANSWERED 3U

#define ARPL_SECOND_NS 1000000000ULL
#define ARPL_MAX_RING_AGE_NS ARPL_SECOND_NS	    /* an older frame is not answered */
#define ARPL_CONTESTED_NS (60ULL * ARPL_SECOND_NS)  /* so long must an address be without a claim */
#define ARPL_STRANGER_NS ARPL_SECOND_NS		    /* so seldom is an unknown MAC reported */
#define ARPL_CONFIRMED_NS (600ULL * ARPL_SECOND_NS) /* so long counts that an endpoint's kernel has answered */
#define ARPL_HANDED_NS (ARPL_SECOND_NS / 4)	  /* so long has a kernel for the reply to what it was handed */
#define ARPL_CHECK_NS (2ULL * ARPL_SECOND_NS)	  /* and for the reply to a check */
#define ARPL_CHECK_EVERY_NS (ARPL_SECOND_NS / 10) /* so often is an endpoint checked at most */
#define ARPL_CHECK_INTERVAL_NS (ARPL_SECOND_NS / 20000) /* and all of a parent together */
#define ARPL_CHECK_BURST_NS (ARPL_SECOND_NS / 10)
#define ARPL_PROBE_INTERVAL_NS (ARPL_SECOND_NS / 10000) /* so many probes are handed to the kernels */
#define ARPL_PROBE_BURST_NS (ARPL_SECOND_NS / 10)
#define ARPL_EGRESS_SEEN_NS (2ULL * ARPL_SECOND_NS) /* so long counts a self-test of the egress program */
#define ARPL_NEIGH_FULL_NS (5ULL * ARPL_SECOND_NS)  /* so long a sighting of the full table counts */
#define ARPL_ANNOUNCED_NS (60ULL * ARPL_SECOND_NS)  /* so long is who has announced itself trusted */
#define ARPL_HEARD_NS (86400ULL * ARPL_SECOND_NS) /* so long counts what this host has asked for or answered */

#define ARPL_MAC_MASK 0x0000ffffffffffffULL
#define ARPL_MAC_BROADCAST 0x0000ffffffffffffULL
#define ARPL_MAC_MULTICAST_BIT 0x0000000000000001ULL

/* Why an endpoint is not served: flags in the high 16 bits of a slot's word. A word of 0 is a withdrawn slot. */
#define ARPL_SLOT_FLUX (1ULL << 48)	   /* another interface of its namespace answers for it too */
#define ARPL_SLOT_MODE_SOURCE (1ULL << 49) /* a macvlan in mode source takes no unlisted unicast */
#define ARPL_SLOT_DUPLICATE (1ULL << 50)   /* two interfaces have the same address */
#define ARPL_SLOT_DOWN (1ULL << 51)	   /* its interface is down, or has no carrier */
#define ARPL_SLOT_NOARP (1ULL << 52)	   /* its interface has IFF_NOARP */
#define ARPL_SLOT_HOST (1ULL << 53) /* it is in the parent's own namespace: the host's own, not a container's */
#define ARPL_SLOT_HOST_ADDRESS                                                                                 \
	(1ULL << 54) /* the host itself has this address: it is the host's, never a child's */
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

/*
 * What a frame's way looks an endpoint up in, instead of `endpoints`: one cache line a set, chosen by
 * arpl_index_set_of() (hash.h). A cell of 0 is empty.
 */
struct arpl_index_set {
	__u64 cells[ARPL_INDEX_CELLS]; /* address (32 bits) | vlan (12) | slot (16) | ARPL_CELL_* */
};

#define ARPL_CELL_SLOT_SHIFT 44
#define ARPL_CELL_USED (1ULL << 62)
#define ARPL_CELL_OVERFLOW (1ULL << 63) /* in the last cell: what found no room here is in `endpoints` only */
#define ARPL_CELL_KEY_MASK (((1ULL << ARPL_CELL_SLOT_SHIFT) - 1) | ARPL_CELL_USED)

/* One cache line. `word` is read once and written once, so that MAC and flags always belong together. */
struct arpl_slot {
	__u64 word;	    /* MAC word | ARPL_SLOT_* */
	__u32 generation;   /* bumped by control: un-confirms the endpoint and all its pairs */
	__u32 unanswered;   /* seconds in which it was checked since the kernel's last answer */
	__u64 confirmed_at; /* the kernel's last answer; 0: not confirmed */
	__u64 unanswered_at; /* when it was last checked, or was handed the first who-has since its last answer */
	__u64 claimed_at;    /* last ARP frame with this address and another MAC */
	__u64 last_pair; /* the last that was confirmed, as in `pairs`: most endpoints have one busy requester */
	__be32 netmask;	 /* of arpl_endpoint.prefix_bits */
	__u16 flags;	 /* ARPL_FLAG_* */
	__u16 noted;	 /* when last_seen and last_requester were, in 134 ms */
	__u64 reflected; /* who-has that the XDP program answered */
};

/* Confirmed pairs: hash.h, recent.h. */
struct arpl_pair_set {
	__u64 words[ARPL_PAIR_WAYS];
};

#define ARPL_FLAG_SLOW 1U /* not by the fast path */

/*
 * Per slot, added to by several CPUs with atomic adds. What is answered by the XDP program itself is counted in the slot,
 * whose cache line it has read already, and comes here once in 134 ms.
 */
struct arpl_endpoint_stats {
	__u64 requests; /* who-has for this endpoint from the wire, but for arpl_slot.reflected */
	__u64 to_child; /* handed to its kernel as unicast */
	__u64 ringed;	/* handed to the engine */
	__u64 capped;	/* dropped: above reflect_max */
	__u64 last_seen;
	__u64 last_requester_mac;
	__be32 last_requester;
	__u32 netns;  /* control's number for the namespace that the endpoint is in; 0: not known */
	__u64 claims; /* ARP frames with its address and another MAC */
	__u64 last_claimant_mac;
	__u64 ring_arrival; /* its share of the ring: bucket.h */
	__be32 awaits; /* the gateway that arpline has asked from this endpoint; ingress clears it with the answer */
	__u32 misdirected; /* who-has for this address that were sent to another MAC: somebody keeps an old one */
	__u64 misdirected_mac; /* the last such MAC, when, and who asked */
	__u64 misdirected_at;
	__be32 misdirected_requester;
	__be32 check_requester; /* whose who-has was last made a check of the endpoint, with this MAC, and when */
	__u64 check_mac;
	__u64 check_at;
};

/* A token bucket's rate, see bucket.h. interval_ns = 0: no limit; burst_ns < interval_ns: nothing. */
struct arpl_budget {
	__u64 interval_ns;
	__u64 burst_ns;
};

/* Budgets and switches now in force; control writes one aligned word at a time. docs/limits.md has them all. */
struct arpl_limits {
	__u64 pair_ttl_ns;
	__u64 credit_window; /* frames per queue that may be between program and worker */
	__u64 neigh_full_ns; /* when control last saw the neighbour table full */
	__u64 flags;	     /* ARPL_LIMIT_* */
	struct arpl_budget to_child;
	struct arpl_budget to_child_source;  /* one source MAC's share of it */
	struct arpl_budget to_child_trusted; /* for who has announced itself, or was asked for by a container */
	struct arpl_budget to_child_trusted_source;
	struct arpl_budget ring;     /* this one and the next three: only where the fast path is on */
	struct arpl_budget ring_new; /* requesters that the endpoint's kernel has not answered */
	struct arpl_budget ring_source;
	struct arpl_budget ring_endpoint;
	struct arpl_budget reflect; /* beyond these two the frame is dropped; off unless asked for */
	struct arpl_budget reflect_source;
	struct arpl_budget foreign; /* likewise */
	struct arpl_budget events;  /* claims */
	struct arpl_budget own_mac_events;
	struct arpl_budget odd; /* what the kernel learns from and nobody answers for it; beyond it dropped */
	__u64 parent_mac;	/* MAC word */
	__u64 host_awaits; /* the gateway that arpline has asked from parent_mac: ARPL_AWAITS; ingress clears it */
	__u64 egress_seen_ns; /* when control last saw that the egress program sees frames */
	__u64 reserved[5];
};

#define ARPL_LIMIT_OBSERVE (1ULL << 0)	       /* count would_…, pass everything */
#define ARPL_LIMIT_HIDDEN_TAGS (1ULL << 1)     /* the NIC strips tags: a frame's vlan is not certain */
#define ARPL_LIMIT_FAST_PATH (1ULL << 2)       /* REFLECT: the program answers by itself */
#define ARPL_LIMIT_CLAIMS_DROP (1ULL << 3)     /* egress drops the claims that this host makes */
#define ARPL_LIMIT_FRAGS (1ULL << 5)	       /* a frame may come in pieces: the parent's MTU is above 1,500 */
#define ARPL_LIMIT_OTHER_PAIRS (1ULL << 6)     /* the second part of the filter for pairs is asked */
#define ARPL_LIMIT_OTHER_HEARD (1ULL << 7)     /* likewise of what containers have asked for */
#define ARPL_LIMIT_OTHER_ANNOUNCED (1ULL << 9) /* likewise of what was announced on the wire */
#define ARPL_LIMIT_ONE_QUEUE (1ULL << 8)       /* the ingress program never runs twice at the same time */
#define ARPL_LIMIT_STORM (1ULL << 4)	       /* there are limits on what is not ARP */

#define ARPL_AWAITS(address, vlan) ((__u64)(address) | (__u64)(vlan) << 32 | 1ULL << 63)

/* Indices into `buckets`. */
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
	ARPL_BUCKET_SOURCES, /* from here on one per source MAC, by keyed hash, for each kind of share */
};

enum arpl_source_share {
	ARPL_SHARE_TO_CHILD,
	ARPL_SHARE_TRUSTED,
	ARPL_SHARE_RING,
	ARPL_SHARE_REFLECT,
	ARPL_SHARE_ODD, /* this one and the next two: a quarter of the sum */
	ARPL_SHARE_EVENTS,
	ARPL_SHARE_OWN_MACS,
	ARPL_SHARES,
};

#define ARPL_BUCKETS ((__u32)ARPL_BUCKET_SOURCES + (__u32)ARPL_SHARES * ARPL_SOURCE_BUCKETS)

/*
 * The parts of `filter`. A bit that is not set says that something is not in the table behind it; every frame of a flood
 * looks here, and most of it is in the CPU's cache. What comes and goes by itself has two parts: bits are set in both, one
 * is asked, and control clears and swaps them when all that still counts is in the other one.
 */
enum arpl_filter_part {
	ARPL_FILTER_MACS,
	ARPL_FILTER_ENDPOINTS,
	ARPL_FILTER_PAIRS,	   /* and the next one: ARPL_LIMIT_OTHER_PAIRS */
	ARPL_FILTER_HEARD = 4,	   /* and the next one: ARPL_LIMIT_OTHER_HEARD; of ARPL_HEARD_ASKED */
	ARPL_FILTER_ANNOUNCED = 6, /* and the next one: ARPL_LIMIT_OTHER_ANNOUNCED; of ARPL_HEARD_ANNOUNCED */
};

/* What `heard` remembers: a word for each kind, side by side; the place is by what is remembered, and so the kind. */
enum arpl_heard {
	ARPL_HEARD_ANNOUNCED, /* from the wire: somebody announced it */
	ARPL_HEARD_ASKED,     /* at egress: a container asked for it */
	ARPL_HEARD_ANSWERED, /* at egress: this host answered for it or announced it, and it is no endpoint's */
	ARPL_HEARD_STATION,  /* a MAC, at egress: an endpoint's kernel has answered it on the wire */
	ARPL_HEARD_HANDED,   /* a pair: its who-has was handed to the endpoint's kernel; recent.h */
	ARPL_HEARD_KINDS,
};

/* The value of `macs`: what an own MAC has sent through the parent. */
struct arpl_sender {
	__u16 host; /* 1: the parent's own, a VLAN interface's on it, or a macvlan's in the parent's namespace */
	__u16 shared; /* 1: a station on the wire has it too, and was there first */
	__u32 netns;  /* as arpl_endpoint_stats.netns */
	__u64 requests;
	__u64 replies;
	__u64 announcements;
	__u64 claims; /* of an endpoint's address, which is another MAC's */
};

/* A limit on what is not ARP: the key and value of `storm`. */
struct arpl_storm_key {
	__be16 ethertype; /* 0: all that have no limit of their own */
	__u16 kind;	  /* enum arpl_storm_kind */
};

enum arpl_storm_kind {
	ARPL_STORM_BROADCAST = 1,
	ARPL_STORM_MULTICAST = 2, /* to a group that nobody here has joined */
};

struct arpl_storm_limit {
	struct arpl_budget budget;
	__u64 per_second; /* as it was asked for */
	__u64 arrival;	  /* bucket.h */
	__u64 passed;
	__u64 limited; /* in observe: what would have been */
};

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
	__u64 claims_dropped;
	__u64 would_drop_claims; /* in observe */
	__u64 strangers;	 /* sent by MACs that are nobody's here */
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
	ARPL_EVENT_STRANGER = 4,      /* seen by egress: sent by a MAC that is nobody's here; not found yet? */
	ARPL_EVENT_CLAIM_DROPPED = 5, /* as CLAIM_FROM_HOST, but it did not leave the host */
	ARPL_EVENT_PROBE_ANSWER = 6,  /* an endpoint's gateway has answered: its MAC, the endpoint's address */
	ARPL_EVENT_HOST_ANSWER = 7,   /* a gateway has answered the parent: its MAC and its address */
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

/* What the state of a slot means; asked by the decision, by the announcements and by status alike. */

/* Somebody else claimed the address within ARPL_CONTESTED_NS: not announced. */
ARPL_INLINE int arpl_slot_contested(const struct arpl_slot *slot, __u64 now)
{
	__u64 claimed_at = slot->claimed_at;

	return claimed_at != 0 && now < claimed_at + ARPL_CONTESTED_NS;
}

/* Its kernel was heard answering, not too long ago. */
ARPL_INLINE int arpl_slot_confirmed(const struct arpl_slot *slot, __u64 now)
{
	__u64 confirmed_at = slot->confirmed_at;

	return confirmed_at != 0 && now < confirmed_at + ARPL_CONFIRMED_NS;
}

/* Three checks went unanswered. */
ARPL_INLINE int arpl_slot_unanswered(const struct arpl_slot *slot)
{
	return slot->unanswered >= ARPL_MAX_UNANSWERED;
}

/* Whether what the programs have seen allows an announcement; the configuration must allow it as well. */
ARPL_INLINE int arpl_slot_announceable(const struct arpl_slot *slot, __u64 now)
{
	return slot->word != 0 && !arpl_slot_unanswered(slot) && !arpl_slot_contested(slot, now);
}

#endif
