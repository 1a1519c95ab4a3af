/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The data that arpgen shares with its BPF programs: the plan (which frames to send) and the counts of frames
 * and answers. Host byte order unless said otherwise; MACs are words as in bpf/shared/abi.h.
 */
#ifndef ARPGEN_ABI_H
#define ARPGEN_ABI_H

#include <linux/types.h>

#define ARPGEN_MAX_STREAMS 32U
#define ARPGEN_MAX_TARGETS 65536U /* over all streams */
#define ARPGEN_MAX_FLOWS (1U << 20)
#define ARPGEN_MAX_FRAME_BYTES 200U
#define ARPGEN_MIN_FRAME_BYTES 60U /* Ethernet's shortest frame without its checksum */
#define ARPGEN_NO_FLOW 0xffffffffU
#define ARPGEN_ZIPF_SLOTS 65536U       /* per stream: quantiles of its targets */
#define ARPGEN_HISTORY 4U	       /* requests of a flow whose times are kept */
#define ARPGEN_OTHER_ETHERTYPE 0x88b5U /* IEEE 802, local experimental 1 */

enum arpgen_kind {
	ARPGEN_WHO_HAS,	     /* the requester asks for the target */
	ARPGEN_PROBE,	     /* RFC 5227: a who-has with sender IP 0 */
	ARPGEN_ANNOUNCEMENT, /* the requester announces itself */
	ARPGEN_REPLY,	     /* the requester answers the target unasked */
	ARPGEN_CLAIM,	     /* the requester announces the target's address with its own MAC */
	ARPGEN_OTHER,	     /* not ARP */
	ARPGEN_KINDS
};

/* Ways in which a frame is malformed. */
enum arpgen_flaw {
	ARPGEN_NO_FLAW,
	ARPGEN_TRUNCATED,	/* the frame ends within the ARP packet */
	ARPGEN_LONG,		/* ARPGEN_MAX_FRAME_BYTES */
	ARPGEN_HARDWARE_TYPE,	/* 6 */
	ARPGEN_PROTOCOL_TYPE,	/* IPv6's */
	ARPGEN_HARDWARE_LENGTH, /* 8 */
	ARPGEN_PROTOCOL_LENGTH, /* 16 */
	ARPGEN_OPCODE,		/* 9 */
	ARPGEN_TWO_TAGS,	/* 802.1Q in 802.1Q */
	ARPGEN_SERVICE_TAG,	/* 802.1ad */
	ARPGEN_SENDER_MAC_ZERO, /* this and the next five: in the ARP packet */
	ARPGEN_SENDER_MAC_MULTICAST,
	ARPGEN_SENDER_MAC_OTHER,    /* not the Ethernet source */
	ARPGEN_SENDER_IP_LOOPBACK,  /* 127.0.0.1 */
	ARPGEN_SENDER_IP_MULTICAST, /* 224.0.0.1 */
	ARPGEN_SENDER_IP_BROADCAST, /* 255.255.255.255 */
	ARPGEN_FLAWS
};

enum arpgen_order { ARPGEN_UNIFORM, ARPGEN_SEQUENTIAL, ARPGEN_ZIPF /* targets only */ };

struct arpgen_stream {
	__u64 requester_mac; /* of all requesters; with macs_of_their_own only its first two bytes count */
	__u32 kind;	     /* enum arpgen_kind */
	__u32 flaw;	     /* enum arpgen_flaw */
	__u32 share; /* cumulative: a 32-bit draw up to this value belongs to this stream or an earlier one */
	__u32 target_first;    /* addresses target_first … target_first + target_count - 1 */
	__u32 target_count;    /* at least 1 */
	__u32 target_order;    /* enum arpgen_order */
	__u32 requester_first; /* addresses requester_first … requester_first + requester_count - 1 */
	__u32 requester_count; /* at least 1 */
	__u32 requester_order; /* ARPGEN_UNIFORM or ARPGEN_SEQUENTIAL */
	__u32 first_target;    /* index of its first target in `asked` and `targets` */
	__u32 first_flow;      /* index of its first flow in `flows` */
	__u32 flow_count; /* requester_count * target_count, a power of two when hashed, 0 for no answers */
	__u16 vlan;	  /* 0: no tag */
	__u8 flows_hashed;
	__u8 macs_of_their_own; /* the last four bytes of a requester's MAC are its IP */
	__u8 unicast;		/* to the MAC of the target's first answer, broadcast until then */
	__u8 pad[3];
};

/* The programs' constants. They alone determine the frames of a run. */
struct arpgen_plan {
	__u64 seed;
	__u64 deadline_ns; /* an answer after this is late */
	__u32 stream_count;
	__u32 ifindex;	   /* sends the frames and receives the answers */
	__u32 frame_bytes; /* length of the plan's longest frame */
	__u8 pass_answers; /* pass matched answers to the kernel as well */
	__u8 count_only;   /* count answers without matching them to requests, for the highest rates */
	__u8 pad[2];
	struct arpgen_stream streams[ARPGEN_MAX_STREAMS];
};

/*
 * All requests of one requester for one target. The sender writes key, sent and due_ns, the meter the rest. One
 * cache line.
 */
struct arpgen_flow {
	__u64 key; /* requester IP << 32 | target IP */
	__u32 sent;
	__u32 settled; /* answered or given up */
	__u32 lost;    /* given up, and no late answer came */
	__u32 pad[3];
	__u64 due_ns[ARPGEN_HISTORY]; /* of request n at n % ARPGEN_HISTORY */
} __attribute__((aligned(64)));

/* The answers of a target; written by the meter. */
struct arpgen_target {
	__u64 mac; /* from its first answer; 0: none yet */
	__u64 answered;
};

/* The answers to a stream; written by the meter. */
struct arpgen_answers {
	__u64 answered;
	__u64 late;
	__u64 duplicate;    /* more answers than requests */
	__u64 wrong_mac;    /* another sender MAC than in the first answer, or other than the Ethernet source */
	__u64 wrong_target; /* not to the requester's MAC */
	__u64 broadcast;
	__u64 unasked; /* no request of this flow was sent */
	__u64 echoed;  /* a request came back as a request */
	__u64 timed;   /* number of latencies in the histogram */
	__u64 sum_ns;
	__u64 max_ns;
	__u64 min_ns; /* 0: none yet */
} __attribute__((aligned(64)));

#endif
