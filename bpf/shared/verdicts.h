/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Enums and counter structs made from verdicts.def, so that `bpftool map dump` prints every verdict by name. */
#ifndef ARPLINE_SHARED_VERDICTS_H
#define ARPLINE_SHARED_VERDICTS_H

#include <linux/types.h>

#include "abi.h"

enum arpl_class {
	ARPL_CLASS_PASS,
	ARPL_CLASS_TO_CHILD,
	ARPL_CLASS_RING,
	ARPL_CLASS_REFLECT,
	ARPL_CLASS_REPLY,
	ARPL_CLASS_DROP,
};

enum arpl_verdict {
#define ARPL_WIRE(class, name, severity, description) ARPL_##name,
#include "verdicts.def"
	ARPL_WIRE_VERDICTS,
};

/* Acting verdicts (all but PASS) are the last rows; the first of them: */
#define ARPL_FIRST_ACTING ((__u32)ARPL_to_child_probe)

enum arpl_other_verdict {
#define ARPL_OTHER(class, name, severity, description) ARPL_OTHER_##name,
#include "verdicts.def"
	ARPL_OTHER_VERDICTS,
};

#define ARPL_FIRST_OTHER_DROP ((__u32)ARPL_OTHER_broadcast_limited)

enum arpl_engine_verdict {
#define ARPL_ENGINE(class, name, severity, description) ARPL_ENGINE_##name,
#include "verdicts.def"
	ARPL_ENGINE_VERDICTS,
};

#define ARPL_WOULD_PASS(name)
#define ARPL_WOULD_TO_CHILD(name) __u64 would_##name;
#define ARPL_WOULD_RING(name) __u64 would_##name;
#define ARPL_WOULD_REFLECT(name) __u64 would_##name;
#define ARPL_WOULD_DROP(name) __u64 would_##name;

/* The value of `verdicts`: a counter per enum arpl_verdict, then one per acting verdict in observe. */
struct arpl_verdict_counts {
#define ARPL_WIRE(class, name, severity, description) __u64 name;
#include "verdicts.def"
#define ARPL_WIRE(class, name, severity, description) ARPL_WOULD_##class(name)
#include "verdicts.def"
};

/* The value of `other_verdicts`, likewise. */
struct arpl_other_counts {
#define ARPL_OTHER(class, name, severity, description) __u64 name;
#include "verdicts.def"
#define ARPL_OTHER(class, name, severity, description) ARPL_WOULD_##class(name)
#include "verdicts.def"
};

/* A row of `engine_verdicts`: a counter per enum arpl_engine_verdict. */
struct arpl_engine_counts {
#define ARPL_ENGINE(class, name, severity, description) __u64 name;
#include "verdicts.def"
};

#define ARPL_VERDICT_COUNTERS (sizeof(struct arpl_verdict_counts) / sizeof(__u64))
#define ARPL_OTHER_COUNTERS (sizeof(struct arpl_other_counts) / sizeof(__u64))

static inline __attribute__((always_inline)) enum arpl_class arpl_class_of(enum arpl_verdict verdict)
{
	if ((__u32)verdict < ARPL_FIRST_ACTING)
		return ARPL_CLASS_PASS;
	if (verdict < ARPL_ring)
		return ARPL_CLASS_TO_CHILD;
	if (verdict == ARPL_ring)
		return ARPL_CLASS_RING;
	return verdict < ARPL_reflect_capped ? ARPL_CLASS_REFLECT : ARPL_CLASS_DROP;
}

/* The index of a verdict's would_… counter; acting verdicts only. */
static inline __attribute__((always_inline)) __u32 arpl_would_index(enum arpl_verdict verdict)
{
	return (__u32)verdict + (__u32)ARPL_WIRE_VERDICTS - ARPL_FIRST_ACTING;
}

ARPL_STATIC_ASSERT(ARPL_VERDICT_COUNTERS == 2 * ARPL_WIRE_VERDICTS - (__u32)ARPL_to_child_probe,
		   "PASS rows first, then the acting ones");
ARPL_STATIC_ASSERT(ARPL_OTHER_COUNTERS == 2 * ARPL_OTHER_VERDICTS - ARPL_FIRST_OTHER_DROP, "likewise");
ARPL_STATIC_ASSERT(sizeof(struct arpl_engine_counts) / sizeof(__u64) == ARPL_ENGINE_VERDICTS, "a counter each");

#endif
