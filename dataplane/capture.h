/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of a few legs, copied for an operator who looks for a fault. Workers copy into buffers of
 * the captures' own, so that no capture takes one from a call; what is above a capture's rate, or
 * finds no buffer, is counted and not copied. The main lcore reads the copies from a ring.
 *
 * A burst without a captured leg pays one look at a bit in each of the four places below.
 */
#ifndef TANDEM_CAPTURE_H
#define TANDEM_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#include "dataplane/lib/address.h"

#define CAPTURE_OCTETS  2048     /* of a copy: a packet is one mbuf */
#define CAPTURE_HEADERS (40 + 8) /* of IP and UDP, before what was opened */
#define CAPTURE_BURST   8        /* what comes at once: the part of a second that the rate allows */

struct burst;
struct rte_mbuf;
struct rte_mempool;
struct rte_ring;
struct worker;

/* Made and freed by the main lcore; lives as long as a tap names it. */
struct capture {
	uint64_t id;
	struct rte_mempool *pool; /* of struct captured */
	struct rte_ring *ring;    /* has room for all of them */
	uint64_t packet_ticks;    /* TSC, of each packet, by the rate */
	uint64_t octet_ticks;
	/* When it began: by the TSC, and by the wall clock in ns. Its times go on from there, so
	 * that none comes before one that it followed, whatever is done to the clocks. */
	uint64_t began, began_ns;
	uint16_t snap;            /* octets of a copy, headers included; at most CAPTURE_OCTETS */
	bool decrypted;           /* RTP and RTCP in the clear; else frames as on the wire */
	uint32_t users;           // main: rw. Taps, and the register.
	uint64_t until;           // main: rw, workers: ro. TSC; nothing is copied from then on.
	uint64_t due[2];          // workers: rw. TSC; the buckets of packets and of octets.
	uint64_t over_rate, lost; // workers: rw, main: ro. Packets that were not copied.
};

/* That a leg is captured: configurations of it, and paths that lead to it, name this. */
struct tap {
	struct capture *capture;
	uint64_t leg;   /* its id in the API */
	uint32_t users; // main: rw
};

enum captured_way { CAPTURED_RECEIVED, CAPTURED_SENT };

/* A copy, on its way to the main lcore. */
struct captured {
	uint64_t capture, leg; /* ids */
	uint64_t time;         /* TSC */
	uint32_t length;       /* of the packet, without the headers that are put before it */
	uint16_t size;         /* octets of it that are here */
	uint8_t way;           /* enum captured_way */
	bool opened;           /* RTP or RTCP alone, to be put behind headers of these two: */
	bool sealed;           /* ... which is SRTP all the same */
	bool unsummed;         /* the port is to compute the UDP checksum of the frame ... */
	uint8_t l3;            /* ... whose IP header is here */
	struct endpoint from, to;
	uint8_t octets[CAPTURE_HEADERS + CAPTURE_OCTETS]; /* room for headers, then the copy */
};

/* Frames of captured legs, as they came: whatever becomes of them. */
void capture_received(struct worker *w, struct burst *b);
/* Media of theirs that was accepted, and is in the clear. */
void capture_opened(struct worker *w, struct burst *b);
/* Media that goes to captured legs, with its last number, before it is protected. */
void capture_leaving(struct worker *w, struct burst *b);
/* Frames that go to captured legs' participants, as they leave. */
void capture_sent(struct worker *w, struct burst *b);
/* A frame of the main lcore's that goes there. */
void capture_own(struct worker *w, const struct tap *tap, const struct rte_mbuf *m);

#endif
