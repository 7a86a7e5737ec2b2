/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The neighbours that packets are sent to, and how they are found: ARP (RFC 826) and neighbour
 * discovery (RFC 4861). Main lcore only; workers read `mac` of the next hops that egresses name.
 * Only what the relay itself sends to has an entry, so nobody on the link can fill the table.
 */
#ifndef TANDEM_NEIGHBOUR_H
#define TANDEM_NEIGHBOUR_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/lib/address.h"
#include "dataplane/egress.h"

#define NEIGHBOURS_MAX 8192

struct dataplane;
struct network;

/*
 * Once, when d->networks and d->addresses are complete; the gateways are resolved from here on. 0
 * or -ENOMEM, logged. neighbour_stop() when all other users are gone.
 */
int neighbour_start(struct dataplane *d);
void neighbour_stop(struct dataplane *d);

/*
 * The next hop towards `remote`: itself when it is on-link, else the gateway. Its resolution has
 * begun; `mac` is 0 until it ends. NULL: no way there (no gateway, no address of that family on the
 * network) or no memory. Each call is one user, neighbour_put() ends it: after that no worker may
 * read the next hop.
 */
struct nexthop *neighbour_get(struct network *network, const struct address *remote);
void neighbour_put(struct nexthop *n);

/* A frame of NOTICE_HOST from network `from`, its IP or ARP header at `l3`. The caller keeps it. */
void neighbour_input(struct dataplane *d, const uint8_t *frame, size_t length, unsigned int from,
		     unsigned int l3);

/* At least ten times a second: requests, refreshes, announcements. `now` is the TSC. */
void neighbour_tick(struct dataplane *d, uint64_t now);

/*
 * Tells every link where the media addresses are, now and twice again a second apart: for the
 * start, when the MAC may be a new one, and for a link that came back.
 */
void neighbour_announce(struct dataplane *d);

#endif
