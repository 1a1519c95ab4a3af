/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state of a slot means; asked by the decision, by the announcements and by status alike. */
#ifndef ARPLINE_SHARED_SLOT_H
#define ARPLINE_SHARED_SLOT_H

#include "abi.h"

/* Somebody else claimed the address within ARPL_CONTESTED_NS: not announced. */
static inline __attribute__((always_inline)) int arpl_slot_contested(const struct arpl_slot *slot, __u64 now)
{
	__u64 claimed_at = slot->claimed_at;

	return claimed_at != 0 && now < claimed_at + ARPL_CONTESTED_NS;
}

/* Its kernel was heard answering, not too long ago. */
static inline __attribute__((always_inline)) int arpl_slot_confirmed(const struct arpl_slot *slot, __u64 now)
{
	__u64 confirmed_at = slot->confirmed_at;

	return confirmed_at != 0 && now < confirmed_at + ARPL_CONFIRMED_NS;
}

/* Three checks went unanswered. */
static inline __attribute__((always_inline)) int arpl_slot_unanswered(const struct arpl_slot *slot)
{
	return slot->unanswered >= ARPL_MAX_UNANSWERED;
}

/* Whether what the programs have seen allows an announcement; the configuration must allow it as well. */
static inline __attribute__((always_inline)) int arpl_slot_announceable(const struct arpl_slot *slot, __u64 now)
{
	return slot->word != 0 && !arpl_slot_unanswered(slot) && !arpl_slot_contested(slot, now);
}

#endif
