/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of generator and meter. User space sets the sizes that depend on the plan before it loads them. */
#ifndef ARPGEN_MAPS_BPF_H
#define ARPGEN_MAPS_BPF_H

#include "abi.h"
#include "histogram.h"
#include "pace.h"

/* __weak, so that the linker merges the copies of the two programs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arpgen_flow);
} flows SEC(".maps") __weak;

/* Requests for each target; written by the sender. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} asked SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arpgen_target);
} targets SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, ARPGEN_MAX_STREAMS);
	__type(key, __u32);
	__type(value, struct arpgen_answers);
} answers SEC(".maps") __weak;

/* ARPGEN_BUCKETS entries per stream. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, ARPGEN_MAX_STREAMS *ARPGEN_BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} histogram SEC(".maps") __weak;

/* Quantiles of the exponential distribution, for the gaps of a Poisson process. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, ARPGEN_QUANTILES);
	__type(key, __u32);
	__type(value, __u64);
} exponential SEC(".maps") __weak;

/* ARPGEN_ZIPF_SLOTS entries per stream, when any stream needs them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} zipf SEC(".maps") __weak;

const volatile struct arpgen_plan plan __weak = {};
/* Requests with any answer, right or wrong: the count that a closed loop waits for. */
volatile __u64 settled __weak __attribute__((aligned(64))) = 0;

/* The compiler would take the constants for zero, so the asm hides them; the verifier knows their values. */
static __always_inline const struct arpgen_plan *the_plan(void)
{
	const struct arpgen_plan *p = (const struct arpgen_plan *)&plan;

	asm("" : "+r"(p));
	return p;
}

#endif
