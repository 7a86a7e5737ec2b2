/* SPDX-License-Identifier: BSD-3-Clause */
/* Telling the links where the media addresses are (RFC 5227, RFC 4861 7.2.6). Main lcore only. */
#ifndef TANDEM_ANNOUNCE_H
#define TANDEM_ANNOUNCE_H

#include <stdint.h>

#include <rte_ether.h>

struct dataplane;
struct local_address;

/* Three announcements of every address, one now, the others by announce_tick() a second apart. */
void announce_begin(struct dataplane *d, uint64_t now);
void announce_tick(struct dataplane *d, uint64_t now);

/* `mac` (all zero: unknown) uses our address too: tells the operator, and the link once more. */
void announce_defend(struct dataplane *d, const struct local_address *local,
		     const struct rte_ether_addr *mac, uint64_t now);

#endif
