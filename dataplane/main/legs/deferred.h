/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams of the main lcore's own (a DTLS flight) that wait until their next hop is resolved, as
 * every host keeps a few (RFC 1122 2.3.2.2): the first answer to a new neighbour would else be lost
 * and cost a retransmission. Main lcore only.
 */
#ifndef TANDEM_DEFERRED_H
#define TANDEM_DEFERRED_H

#include <stddef.h>
#include <stdint.h>

#define DEFERRED_MAX   64
#define DEFERRED_BYTES 1500

struct dataplane;
struct egress;
struct leg;

struct deferred {
	struct {
		struct egress *egress; /* NULL if it is free */
		struct leg *leg;       /* whose it is; NULL: nobody's */
		uint64_t deadline;     /* TSC */
		uint16_t length;
		uint8_t worker;
		uint8_t octets[DEFERRED_BYTES];
	} datagrams[DEFERRED_MAX];
	unsigned int count;
};

/* Takes the egress over, also when it fails. 0, or -ENOBUFS when too many wait. */
int deferred_add(struct deferred *d, unsigned int worker, struct leg *leg, struct egress *egress,
		 const void *datagram, size_t length);
/* Sends what can be sent, forgets what is too old. */
void deferred_poll(struct deferred *d, struct dataplane *dataplane);
/* What waits of the leg, or of all, is not sent. */
void deferred_forget(struct deferred *d, const struct leg *leg);
void deferred_clear(struct deferred *d);

#endif
