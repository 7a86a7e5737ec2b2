/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames by which the main lcore asks for neighbours and speaks of its own addresses. All
 * return 0 or what port_send_frame() says.
 */
#ifndef TANDEM_SOLICIT_H
#define TANDEM_SOLICIT_H

#include <stdbool.h>

#include "dataplane/lib/address.h"

struct dataplane;
struct local_address;
struct network;
struct nexthop;

/* The address that requests for `target` come from, the network's first of that family; or NULL. */
const struct local_address *solicit_source(const struct dataplane *d, const struct network *network,
					   const struct address *target);

/* Where is `n`? To the MAC it had, or to everybody that may have its address. */
int solicit_send(struct dataplane *d, const struct nexthop *n, bool unicast);

/* Does anybody have this address already? RFC 4862 5.4, RFC 5227 2.1.1. */
int solicit_probe(struct dataplane *d, const struct local_address *local);

/* Here it is. RFC 4861 7.2.6, RFC 5227 2.3. */
int solicit_announce(struct dataplane *d, const struct local_address *local);

#endif
