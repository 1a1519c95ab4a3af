/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared by the BPF program and doctor: the key and the value of the program's map. */
#ifndef ARPLINE_DOCTOR_DROPS_H
#define ARPLINE_DOCTOR_DROPS_H

#include <linux/types.h>

#define DOCTOR_MAX_PARENTS 256U

/* A parent. doctor adds a key for each parent that it samples; nothing else is counted. */
struct doctor_parent {
	__u32 ifindex;
	__u32 netns_inode;
};

/* A range of the kernel's code, in bytes. */
struct doctor_code {
	__u64 start;
	__u64 end;
};

/* A compiler may split a function into several parts, each a range of its own. */
#define DOCTOR_MAX_CODE 4U

struct doctor_drops {
	__u64 broadcast_queue; /* broadcast and multicast frames that macvlan's receive handler freed */
};

#endif
