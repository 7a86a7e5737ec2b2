/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading RTCP extended reports (RFC 3611). Every read is bounded by the packet. Values are in host
 * byte order, and as the RFC has them. Any thread.
 */
#ifndef TANDEM_XR_H
#define TANDEM_XR_H

#include <stdbool.h>
#include <stdint.h>

struct rtcp_packet;

enum xr_type {
	XR_LOSS_RUNS = 1,
	XR_DUPLICATE_RUNS,
	XR_RECEIPT_TIMES,
	XR_REFERENCE_TIME,
	XR_DELAY, /* DLRR */
	XR_SUMMARY,
	XR_VOICE
};

struct xr_block {
	uint8_t *data;   /* points into the datagram, at the block's header */
	uint32_t length; /* octets, the header included */
	uint8_t type;    /* enum xr_type, or another */
};

/* How long ago a reference time came (4.5), as in a report block. */
struct xr_delay {
	uint32_t ssrc; /* whose reference time it was */
	uint32_t lrr;  /* its middle 32 bits; 0: none came */
	uint32_t dlrr; /* since then, in 1/65536 s */
};

/* The statistics summary (4.6), as far as its flags say that it is filled in. */
struct xr_summary {
	uint32_t ssrc;
	uint16_t begin, end; /* sequence numbers: from `begin` to before `end` */
	bool has_loss, has_jitter;
	uint32_t lost;
	uint32_t jitter; /* the mean, in timestamp units */
};

/* The VoIP metrics (4.7). Of R and the MOS 127 says that there is none, of delays 0. */
struct xr_voice {
	uint32_t ssrc;
	uint8_t lost, discarded;            /* of 256 */
	uint8_t burst_density, gap_density; /* likewise: lost or discarded, in bursts and between */
	uint16_t burst_ms, gap_ms;          /* how long each is, the mean */
	uint16_t round_trip_ms, end_system_ms;
	uint8_t r, mos_lq, mos_cq;          /* the MOS in tenths */
	uint16_t buffer_ms, buffer_most_ms; /* of jitter */
};

/* The next block, from `at` octets into the packet on, 0 for the first. False: that was all. */
bool xr_next(const struct rtcp_packet *p, uint32_t *at, struct xr_block *block);

/* The middle 32 bits of the reference time (4.4). Each: false if the block is another, or short. */
bool xr_reference_time(const struct xr_block *block, uint32_t *middle);
/* The k-th, from 0. */
bool xr_delay(const struct xr_block *block, unsigned int k, struct xr_delay *d);
bool xr_summary(const struct xr_block *block, struct xr_summary *s);
bool xr_voice(const struct xr_block *block, struct xr_voice *v);

#endif
