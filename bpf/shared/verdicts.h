/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Enums and counter structs generated from verdicts.def, so that `bpftool map dump` prints each verdict by its
 * name.
 */
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
#define ARPL_WIRE(class, name, description) ARPL_##name,
#include "verdicts.def"
	ARPL_WIRE_VERDICTS,
};

/* The number of rows up to the last one of a class; verdicts.def has the rows in the order of the classes. */
enum {
	ARPL_UP_TO_PASS = 0
#define ARPL_WIRE(class, name, description) +(ARPL_CLASS_##class <= ARPL_CLASS_PASS)
#include "verdicts.def"
	,
	ARPL_UP_TO_TO_CHILD = 0
#define ARPL_WIRE(class, name, description) +(ARPL_CLASS_##class <= ARPL_CLASS_TO_CHILD)
#include "verdicts.def"
	,
	ARPL_UP_TO_RING = 0
#define ARPL_WIRE(class, name, description) +(ARPL_CLASS_##class <= ARPL_CLASS_RING)
#include "verdicts.def"
	,
	ARPL_UP_TO_REFLECT = 0
#define ARPL_WIRE(class, name, description) +(ARPL_CLASS_##class <= ARPL_CLASS_REFLECT)
#include "verdicts.def"
	,
	ARPL_OTHER_UP_TO_PASS = 0
#define ARPL_OTHER(class, name, description) +(ARPL_CLASS_##class <= ARPL_CLASS_PASS)
#include "verdicts.def"
};

/* Acting verdicts are those of all classes but PASS. The first of them: */
#define ARPL_FIRST_ACTING ((__u32)ARPL_UP_TO_PASS)
#define ARPL_FIRST_OTHER_DROP ((__u32)ARPL_OTHER_UP_TO_PASS)

enum arpl_other_verdict {
#define ARPL_OTHER(class, name, description) ARPL_OTHER_##name,
#include "verdicts.def"
	ARPL_OTHER_VERDICTS,
};

enum arpl_engine_verdict {
#define ARPL_ENGINE(class, name, description) ARPL_ENGINE_##name,
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
#define ARPL_WIRE(class, name, description) __u64 name;
#include "verdicts.def"
#define ARPL_WIRE(class, name, description) ARPL_WOULD_##class(name)
#include "verdicts.def"
};

/*
 * The value of `other_verdicts`: a counter per enum arpl_other_verdict, then one per acting verdict in observe.
 */
struct arpl_other_counts {
#define ARPL_OTHER(class, name, description) __u64 name;
#include "verdicts.def"
#define ARPL_OTHER(class, name, description) ARPL_WOULD_##class(name)
#include "verdicts.def"
};

/* A row of `engine_verdicts`: a counter per enum arpl_engine_verdict. */
struct arpl_engine_counts {
#define ARPL_ENGINE(class, name, description) __u64 name;
#include "verdicts.def"
};

#define ARPL_VERDICT_COUNTERS (sizeof(struct arpl_verdict_counts) / sizeof(__u64))
#define ARPL_OTHER_COUNTERS (sizeof(struct arpl_other_counts) / sizeof(__u64))

/* The class in the verdict's row. */
ARPL_INLINE enum arpl_class arpl_class_of(enum arpl_verdict verdict)
{
	if ((__u32)verdict < ARPL_UP_TO_PASS)
		return ARPL_CLASS_PASS;
	if ((__u32)verdict < ARPL_UP_TO_TO_CHILD)
		return ARPL_CLASS_TO_CHILD;
	if ((__u32)verdict < ARPL_UP_TO_RING)
		return ARPL_CLASS_RING;
	return (__u32)verdict < ARPL_UP_TO_REFLECT ? ARPL_CLASS_REFLECT : ARPL_CLASS_DROP;
}

/* The index of a verdict's would_… counter; acting verdicts only. */
ARPL_INLINE __u32 arpl_would_index(enum arpl_verdict verdict)
{
	return (__u32)verdict + (__u32)ARPL_WIRE_VERDICTS - ARPL_FIRST_ACTING;
}

#define ARPL_WIRE(class, name, description)                                                                    \
	ARPL_STATIC_ASSERT(                                                                                    \
		((__u32)ARPL_##name < ARPL_UP_TO_PASS) == (ARPL_CLASS_##class <= ARPL_CLASS_PASS) &&           \
			((__u32)ARPL_##name < ARPL_UP_TO_TO_CHILD) ==                                          \
				(ARPL_CLASS_##class <= ARPL_CLASS_TO_CHILD) &&                                 \
			((__u32)ARPL_##name < ARPL_UP_TO_RING) == (ARPL_CLASS_##class <= ARPL_CLASS_RING) &&   \
			((__u32)ARPL_##name < ARPL_UP_TO_REFLECT) ==                                           \
				(ARPL_CLASS_##class <= ARPL_CLASS_REFLECT),                                    \
		"the rows stand in the order of the classes");
#define ARPL_OTHER(class, name, description)                                                                   \
	ARPL_STATIC_ASSERT(((__u32)ARPL_OTHER_##name < ARPL_OTHER_UP_TO_PASS) ==                               \
				   (ARPL_CLASS_##class <= ARPL_CLASS_PASS),                                    \
			   "the rows stand in the order of the classes");
#include "verdicts.def"

#endif
