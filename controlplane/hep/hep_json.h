/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Homer reads of RTCP and of streams: JSON with the names that its agents use. Octets of a
 * text that are no UTF-8 become '?'. Pure; any thread.
 */
#ifndef TANDEM_HEP_JSON_H
#define TANDEM_HEP_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/lib/address.h"

#define HEP_JSON_MAX 4096 /* octets that either takes at most, with names of CALL_TEXT_MAX */

/* A report as RTCP would have it (RFC 3550 6.4), as far as it is known. */
struct hep_rtcp {
	uint64_t time_ms; /* of the wall clock */
	uint32_t ssrc;    /* who reports */
	bool sends;       /* it does, and this much: */
	uint64_t packets, octets;
	bool hears; /* a stream, of which it says: */
	uint32_t heard;
	double loss;                                  /* of the interval, 0 to 1 */
	int64_t lost;                                 /* since the beginning */
	uint32_t jitter;                              /* in units of its timestamps */
	bool voice;                                   /* RFC 3611 4.7 as well: */
	double discarded, burst_density, gap_density; /* 0 to 1 */
	double rtt_ms, delay_ms;
};

/* A stream, in one interval or in all its life. */
struct hep_stats {
	const char *call_id, *party, *codec;
	struct endpoint from, to;
	uint64_t time_ms;
	uint32_t ssrc, payload_type, clock_hz;
	uint64_t packets, octets, reordered;
	double lost;
	double jitter_ms, mean_jitter_ms, worst_jitter_ms;
	double mos, lowest_mos, mean_mos, r;
	bool whole; /* all its life: it has ended */
};

/* Each returns its length, without the 0 behind it; 0: there is no room. */
size_t hep_json_rtcp(char *out, size_t size, const struct hep_rtcp *report);
size_t hep_json_stats(char *out, size_t size, const struct hep_stats *stats);

#endif
