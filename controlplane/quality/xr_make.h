/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making RTCP that tells a participant how its voice arrives at the relay: a compound packet of an
 * empty receiver report (RFC 3550 6.4.2), the relay's CNAME (6.5.1) and VoIP metrics (RFC 3611
 * 4.7). The report has no blocks, since those of who really hears the stream pass, and speak of it.
 * Pure; any thread.
 */
#ifndef TANDEM_XR_MAKE_H
#define TANDEM_XR_MAKE_H

#include <stddef.h>
#include <stdint.h>

#define XR_MAKE_MOST 128 /* octets */
#define XR_CNAME_MAX 31

/* What is not known is 0. */
struct xr_made {
	uint32_t by;                                        /* the relay's SSRC */
	const char *cname;                                  /* at most XR_CNAME_MAX octets */
	uint32_t ssrc;                                      /* of the stream */
	double lost, discarded, burst_density, gap_density; /* of 1 */
	double burst_ms, gap_ms, round_trip_ms, buffer_ms;
	double r; /* of the telephone's scale */
	double listening, conversational;
};

/* Returns how many octets. */
size_t xr_make(uint8_t out[XR_MAKE_MOST], const struct xr_made *made);

#endif
