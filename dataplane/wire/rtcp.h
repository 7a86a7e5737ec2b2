/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading compound RTCP (RFC 3550 6.1, 6.4; reduced-size RFC 5506 too). Every read is bounded by
 * the datagram and by the packet's own length. Values are in host byte order. Any thread.
 */
#ifndef TANDEM_RTCP_H
#define TANDEM_RTCP_H

#include <stdbool.h>
#include <stdint.h>

enum rtcp_type { RTCP_SR = 200, RTCP_RR = 201, RTCP_RTPFB = 205, RTCP_XR = 207 };

/* What is left of a datagram. */
struct rtcp_cursor {
	uint8_t *at;
	uint32_t left; /* octets */
};

/* One RTCP packet of it; `data` points into the datagram. */
struct rtcp_packet {
	uint8_t *data;
	uint32_t length; /* octets, the common header included */
	uint8_t type;
	uint8_t count; /* the header's five bits: report blocks of SR and RR, format of RTPFB */
};

/* A report block. */
struct rtcp_report {
	uint32_t ssrc;    /* the stream that is reported on */
	uint8_t fraction; /* lost since the report before, of 256 */
	int32_t lost;     /* since the beginning; duplicates make it less */
	uint32_t jitter;  /* timestamp units */
	uint32_t lsr;     /* middle 32 bits of the NTP time of its last SR; 0: none */
	uint32_t dlsr;    /* since then, in 1/65536 s */
};

/* Sequence numbers that a packet names, of one stream; `at` points into the datagram. */
struct rtcp_numbers {
	uint32_t next; /* where rtcp_next_numbers() goes on; 0: at the beginning */
	uint32_t ssrc; /* the stream */
	uint8_t *at;   /* big-endian */
	uint8_t count; /* numbers of 16 bits, one behind the other */
	bool extended; /* instead: one of 32 bits, with the cycles that its receiver counted */
};

/* The next packet. False at the end, and where the rest is malformed. */
bool rtcp_next(struct rtcp_cursor *cursor, struct rtcp_packet *p);
/* The middle 32 bits of a sender report's NTP time. False: it is none, or cut short. */
bool rtcp_sender_time(const struct rtcp_packet *p, uint32_t *middle);
/* Report block `k` of SR or RR. False: there is no such block. */
bool rtcp_report(const struct rtcp_packet *p, unsigned int k, struct rtcp_report *r);
/*
 * The next place where the packet names sequence numbers of RTP: report blocks, generic NACKs (RFC
 * 4585 6.2.1), reports on runs and receipt times and the statistics summary (RFC 3611 4.1 to 4.3,
 * 4.6). False: that was all.
 */
bool rtcp_next_numbers(const struct rtcp_packet *p, struct rtcp_numbers *n);

#endif
