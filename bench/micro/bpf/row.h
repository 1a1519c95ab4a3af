/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state that restore.bpf.c restores before each frame; ../harness.cpp writes it. */
#ifndef ARPLINE_BENCH_ROW_H
#define ARPLINE_BENCH_ROW_H

#include "shared/abi.h"

#define BENCH_FRAME_BYTES 48 /* from the frame's start; no measured program changes later bytes */

enum bench_target { BENCH_ARPLINE, BENCH_EMPTY, BENCH_REFLECTOR, BENCH_TARGETS };

struct bench_row {
	__u64 frame[BENCH_FRAME_BYTES / 8];
	__u32 pair; /* indices */
	__u32 source;
	__u32 queue;
	__u32 slot[2];
	__u32 zero;
	__u64 pair_word;
	__u64 source_word;
	__u64 to_child_word;
	__u64 events_word;
	__u64 credit_sent;
	struct arpl_slot slot_as_it_was[2];
	__u64 restored; /* how often */
};

#endif
