/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What arpgen shares with its BPF programs: the plan (what is sent), and what was sent and came back. Host byte order
 * unless said otherwise; MACs are words as in bpf/shared/abi.h.
 */
#ifndef ARPGEN_ABI_H
#define ARPGEN_ABI_H

#include <linux/types.h>

#define ARPGEN_MAX_STREAMS 32U
#define ARPGEN_MAX_TARGETS 65536U /* of all streams together */
#define ARPGEN_MAX_FLOWS (1U << 20)
#define ARPGEN_MAX_FRAME_BYTES 200U
#define ARPGEN_MIN_FRAME_BYTES 60U /* Ethernet's shortest frame without its checksum */
#define ARPGEN_NO_FLOW 0xffffffffU
#define ARPGEN_ZIPF_SLOTS 65536U       /* a stream's: quantiles of its targets */
#define ARPGEN_HISTORY 4U	       /* requests of one flow whose times are known */
#define ARPGEN_OTHER_ETHERTYPE 0x88b5U /* IEEE 802, local experimental 1 */

enum arpgen_kind {
	ARPGEN_WHO_HAS,	     /* the requester asks for the target */
	ARPGEN_PROBE,	     /* RFC 5227: the same with sender IP 0 */
	ARPGEN_ANNOUNCEMENT, /* the requester announces itself */
	ARPGEN_REPLY,	     /* the requester answers the target unasked */
	ARPGEN_CLAIM,	     /* the requester announces the target's address with its own MAC */
	ARPGEN_OTHER,	     /* not ARP */
	ARPGEN_KINDS
};

/* What is wrong with a frame. */
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
	ARPGEN_SENDER_MAC_ZERO, /* in the ARP packet, as the four below */
	ARPGEN_SENDER_MAC_MULTICAST,
	ARPGEN_SENDER_MAC_OTHER,    /* not the Ethernet source */
	ARPGEN_SENDER_IP_LOOPBACK,  /* 127.0.0.1 */
	ARPGEN_SENDER_IP_MULTICAST, /* 224.0.0.1 */
	ARPGEN_SENDER_IP_BROADCAST, /* 255.255.255.255 */
	ARPGEN_FLAWS
};

enum arpgen_order { ARPGEN_UNIFORM, ARPGEN_SEQUENTIAL, ARPGEN_ZIPF /* targets only */ };

struct arpgen_stream {
	__u64 requester_mac; /* of all requesters, or with macs_of_their_own the first two bytes of each */
	__u32 kind;	     /* enum arpgen_kind */
	__u32 flaw;	     /* enum arpgen_flaw */
	__u32 share;	     /* cumulative: a 32-bit draw up to this one is this stream's or an earlier one's */
	__u32 target_first;  /* addresses target_first … target_first + target_count - 1 */
	__u32 target_count;  /* at least 1 */
	__u32 target_order;  /* enum arpgen_order */
	__u32 requester_first; /* as the targets */
	__u32 requester_count; /* at least 1 */
	__u32 requester_order; /* ARPGEN_UNIFORM or ARPGEN_SEQUENTIAL */
	__u32 first_target;    /* its first place in `asked` and `targets` */
	__u32 first_flow;      /* its first place in `flows` */
	__u32 flow_count; /* 0: not answered; requester_count * target_count, or a power of two when hashed */
	__u16 vlan;	  /* 0: no tag */
	__u8 flows_hashed;
	__u8 macs_of_their_own; /* the last four bytes of a requester's MAC are its IP */
	__u8 unicast;		/* to the MAC that the target answered with; broadcast until it has answered */
	__u8 pad[3];
};

/* The programs' constants: all that decides which frames a run consists of. */
struct arpgen_plan {
	__u64 seed;
	__u64 deadline_ns; /* an answer after this is late */
	__u32 stream_count;
	__u32 ifindex;	   /* where frames go out and answers come in */
	__u32 frame_bytes; /* of the longest frame of the plan */
	__u8 pass_answers; /* hand matched answers on to the kernel, too */
	__u8 count_only;   /* answers are counted, not matched to requests: for the highest rates */
	__u8 pad[2];
	struct arpgen_stream streams[ARPGEN_MAX_STREAMS];
};

/*
 * A requester asking a target again and again. The sender writes key, sent and due_ns, the meter the rest. One cache
 * line.
 */
struct arpgen_flow {
	__u64 key; /* requester IP << 32 | target IP */
	__u32 sent;
	__u32 settled; /* answered or given up */
	__u32 lost;    /* given up and not answered late yet */
	__u32 pad[3];
	__u64 due_ns[ARPGEN_HISTORY]; /* of request n at n % ARPGEN_HISTORY */
} __attribute__((aligned(64)));

/* What a target answered; written by the meter. */
struct arpgen_target {
	__u64 mac; /* of its first answer; 0: none yet */
	__u64 answered;
};

/* Of a stream; written by the meter. */
struct arpgen_answers {
	__u64 answered;
	__u64 late;
	__u64 duplicate;    /* more answers than requests */
	__u64 wrong_mac;    /* another MAC than before, or not the Ethernet source */
	__u64 wrong_target; /* not to the requester's MAC */
	__u64 broadcast;
	__u64 unasked; /* no request of this flow is known */
	__u64 echoed;  /* a request came back as a request */
	__u64 timed;   /* answers whose latency is in the histogram */
	__u64 sum_ns;
	__u64 max_ns;
	__u64 min_ns; /* 0: none yet */
} __attribute__((aligned(64)));

#endif
