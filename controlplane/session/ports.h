/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The local UDP ports of one media address. A port that was given back is not handed out again
 * before its quarantine is over, so that late packets of one call never reach another. The order is
 * random, the port that has been free the longest comes first. Every call costs constant time. One
 * thread; `now` is any clock in milliseconds.
 */
#ifndef TANDEM_PORTS_H
#define TANDEM_PORTS_H

#include <stdbool.h>
#include <stdint.h>

struct ports;

/* From `first`, even, to `last`, odd. 0, -EINVAL, -ENOMEM. */
int ports_open(struct ports **ports, unsigned int first, unsigned int last,
	       unsigned int quarantine_ms);
void ports_close(struct ports *ports);

/*
 * An even port with the odd one after it (RTP and RTCP), or a single port of either kind. The port,
 * or -EADDRNOTAVAIL when all are taken or in quarantine.
 */
int ports_take(struct ports *ports, bool pair, uint64_t now);
/* Takes a certain port, quarantine or not. 0, -ERANGE, -EADDRINUSE. */
int ports_claim(struct ports *ports, unsigned int port, bool pair);
/*
 * Takes again what was given back at `given`: out of quarantine, too, unless somebody else had it
 * meanwhile. 0, -EADDRINUSE.
 */
int ports_take_again(struct ports *ports, unsigned int port, bool pair, uint64_t given,
		     uint64_t now);
/* Gives back what ports_take() or ports_claim() took in the same way. */
void ports_give(struct ports *ports, unsigned int port, bool pair, uint64_t now);

/* Ports, not pairs; those in quarantine are free. */
unsigned int ports_used(const struct ports *ports);
unsigned int ports_free(const struct ports *ports);

#endif
