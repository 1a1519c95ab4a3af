/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The results of egress.h for a frame: apart, for those who have no tables. */
#ifndef ARPLINE_SHARED_SENT_H
#define ARPLINE_SHARED_SENT_H

/* The kind of a frame that this host sends. */
enum arpl_sent {
	ARPL_SENT_HEARD,
	ARPL_SENT_SELF_TEST,
	ARPL_SENT_CONFIRMS, /* the answer of an endpoint's kernel */
	ARPL_SENT_CLAIMS,   /* a claim of an endpoint's address */
	ARPL_SENT_DROPPED,  /* a claim that the caller has to drop */
};

#endif
