/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef ARPGEN_LENGTH_H
#define ARPGEN_LENGTH_H

#include "abi.h"
#include "shared/packet.h"

/* The length in bytes of the stream's frames. */
static inline __attribute__((always_inline)) __u32 arpgen_bytes_of(const struct arpgen_stream *stream)
{
	if (stream->flaw == ARPGEN_TRUNCATED)
		return ARPL_ETH_BYTES + ARPL_ARP_BYTES / 2;
	if (stream->flaw == ARPGEN_LONG)
		return ARPGEN_MAX_FRAME_BYTES;
	return ARPGEN_MIN_FRAME_BYTES +
	       (stream->vlan != 0 || stream->flaw == ARPGEN_TWO_TAGS ? ARPL_TAG_BYTES : 0) +
	       (stream->flaw == ARPGEN_TWO_TAGS || stream->flaw == ARPGEN_SERVICE_TAG ? ARPL_TAG_BYTES : 0);
}

#endif
