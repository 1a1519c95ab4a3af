/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A log-linear histogram, like HdrHistogram: exact below ARPGEN_LINEAR, then ARPGEN_LINEAR / 2 buckets per
 * power of two, which gives a precision of 1/64. Values above 2^36 ns (68 s) share one bucket.
 */
#ifndef ARPGEN_HISTOGRAM_H
#define ARPGEN_HISTOGRAM_H

#include <linux/types.h>

#define ARPGEN_LINEAR_BITS 7U
#define ARPGEN_LINEAR (1U << ARPGEN_LINEAR_BITS)
#define ARPGEN_VALUE_BITS 36U
#define ARPGEN_BUCKETS (ARPGEN_LINEAR + (ARPGEN_VALUE_BITS - ARPGEN_LINEAR_BITS) * (ARPGEN_LINEAR / 2))

/* The bit width of a value of up to 36 bits; clang 14 has no count-leading-zeroes for BPF. */
static inline __attribute__((always_inline)) __u32 arpgen_bits(__u64 value)
{
	__u32 bits = 0;

	if (value >> 32) {
		bits += 32;
		value >>= 32;
	}
	if (value >> 16) {
		bits += 16;
		value >>= 16;
	}
	if (value >> 8) {
		bits += 8;
		value >>= 8;
	}
	if (value >> 4) {
		bits += 4;
		value >>= 4;
	}
	if (value >> 2) {
		bits += 2;
		value >>= 2;
	}
	return bits + (value >= 2 ? 2 : (__u32)value);
}

static inline __attribute__((always_inline)) __u32 arpgen_bucket(__u64 value)
{
	__u32 shift;

	if (value < ARPGEN_LINEAR)
		return (__u32)value;
	if (value >> ARPGEN_VALUE_BITS)
		return ARPGEN_BUCKETS - 1;
	shift = arpgen_bits(value) - ARPGEN_LINEAR_BITS;
	/* value >> shift lies in [LINEAR / 2, LINEAR) */
	return ARPGEN_LINEAR + (shift - 1) * (ARPGEN_LINEAR / 2) + (__u32)(value >> shift) - ARPGEN_LINEAR / 2;
}

/* The largest value that falls into the bucket. */
static inline __attribute__((always_inline)) __u64 arpgen_bucket_top(__u32 bucket)
{
	__u32 shift;

	if (bucket < ARPGEN_LINEAR)
		return bucket;
	shift = (bucket - ARPGEN_LINEAR) / (ARPGEN_LINEAR / 2) + 1;
	return (((__u64)(bucket - ARPGEN_LINEAR) % (ARPGEN_LINEAR / 2) + ARPGEN_LINEAR / 2 + 1) << shift) - 1;
}

#endif
