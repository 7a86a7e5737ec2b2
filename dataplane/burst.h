/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A burst: what one worker handles at a time. Parallel arrays, one slot a packet; every stage reads
 * what earlier stages wrote and touches only the slots of its class. A burst belongs to one worker.
 */
#ifndef TANDEM_BURST_H
#define TANDEM_BURST_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "dataplane/lib/address.h"
#include "dataplane/drop.h"

#define BURST_MAX 64

enum packet_class {
	CLASS_RTP, /* media, on its way through crypt, route and rewrite */
	CLASS_RTCP,
	CLASS_STUN,    /* for ice */
	CLASS_DTLS,    /* for punt */
	CLASS_HOST,    /* ARP, NDP, ICMP: for host */
	CLASS_SEND,    /* finished: tx sends it through port[] */
	CLASS_DROPPED, /* finished: reason[] says why */
	CLASS_DONE,    /* left the burst: a ring took the mbuf */
};

struct burst {
	uint16_t count;
	bool handed_over; /* by workers that do not own the ports; else all of one port */
	bool forks;       /* written by flow: a leg of these packets has other ways than its own */
	bool captures;    /* likewise: some of them are copied for a capture */
	bool relays;      /* written by route: some go to a client's relayed address */
	uint64_t now;     /* TSC when the burst was received */

	struct rte_mbuf *mbuf[BURST_MAX]; /* one segment each */
	uint8_t class[BURST_MAX];         /* enum packet_class */
	uint8_t reason[BURST_MAX];        /* enum drop, with CLASS_DROPPED */
	uint16_t port[BURST_MAX]; /* DPDK port: received on, or with CLASS_SEND to send to */

	/* Written by classify; offsets in octets from the mbuf's data. */
	uint8_t l3[BURST_MAX];            /* the IP header, or the ARP header */
	uint8_t payload[BURST_MAX];       /* the UDP payload, or what follows the IP header */
	uint16_t length[BURST_MAX];       /* octets from payload to the end of what IP carries */
	uint8_t network[BURST_MAX];       /* index of the network it came from */
	uint8_t local[BURST_MAX];         /* index of the media address it was sent to */
	rte_be16_t local_port[BURST_MAX]; /* UDP destination port */
	struct endpoint source[BURST_MAX];

	/* Written by turn. */
	struct allocation
		*allocation[BURST_MAX]; /* whose client sent it to a leg; NULL: nobody's */

	/* Written by flow. */
	struct leg *leg[BURST_MAX];   /* the receiving leg; NULL before and for CLASS_HOST */
	struct flow *flow[BURST_MAX]; /* what it leaves by: the leg's, or after fork a branch's */
	uint8_t component[BURST_MAX]; /* 0: the RTP port, 1: the RTCP port */

	/* Written by crypt. */
	struct stream *stream[BURST_MAX]; /* the SSRC's state */

	/* Written by route. */
	const struct egress *egress[BURST_MAX]; /* where the packet leaves */
};

static inline void burst_drop(struct burst *b, unsigned int i, enum drop reason)
{
	b->class[i] = CLASS_DROPPED;
	b->reason[i] = reason;
}

/* The packet has done what it came for: freed like a dropped one, counted as none. */
static inline void burst_finish(struct burst *b, unsigned int i)
{
	burst_drop(b, i, DROP_NONE);
}

/* The packet was turned into an answer, complete from its Ethernet header on. */
static inline void burst_send(struct burst *b, unsigned int i, uint16_t port)
{
	b->class[i] = CLASS_SEND;
	b->port[i] = port;
}

static inline uint8_t *burst_payload(const struct burst *b, unsigned int i)
{
	return rte_pktmbuf_mtod_offset(b->mbuf[i], uint8_t *, b->payload[i]);
}

/* The first line of the packet has been read; this asks for what usually follows. */
static inline void burst_prefetch_payload(const struct burst *b, unsigned int i)
{
	const uint8_t *data = rte_pktmbuf_mtod(b->mbuf[i], const uint8_t *);

	for (unsigned int k = 1; k < 4; k++)
		rte_prefetch0(data + k * RTE_CACHE_LINE_SIZE);
}

/* The payload has `length` octets from now on, and nothing follows it. */
static inline void burst_resize(struct burst *b, unsigned int i, uint16_t length)
{
	b->length[i] = length;
	b->mbuf[i]->data_len = b->payload[i] + length;
	b->mbuf[i]->pkt_len = b->mbuf[i]->data_len;
}

static inline bool burst_is_media(const struct burst *b, unsigned int i)
{
	return b->class[i] <= CLASS_RTCP;
}

#endif
