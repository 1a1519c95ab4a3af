/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The boundary between the drop counter and doctor: the key and the value of its one map. */
#ifndef ARPLINE_DOCTOR_DROPS_H
#define ARPLINE_DOCTOR_DROPS_H

#include <linux/types.h>

#define DOCTOR_MAX_PARENTS 256U

/* A parent: user netns puts the ones that it asks about, nothing else is counted. */
struct doctor_parent {
	__u32 ifindex;
	__u32 netns_inode;
};

/* A stretch of the kernel's code. */
struct doctor_code {
	__u64 start;
	__u64 end;
};

/* A compiler may split a function into parts. */
#define DOCTOR_MAX_CODE 4U

struct doctor_drops {
	__u64 broadcast_queue; /* broadcast and multicast frames that macvlan's receive handler freed */
};

#endif
