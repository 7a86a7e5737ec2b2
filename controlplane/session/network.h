/* SPDX-License-Identifier: BSD-3-Clause */
/* The dataplane's networks: their media addresses, each with its local ports. One thread. */
#ifndef TANDEM_NETWORK_H
#define TANDEM_NETWORK_H

#include <stdint.h>

#include "controlplane/session/ports.h"
#include "dataplane/api/dataplane.pb-c.h"
#include "dataplane/lib/address.h"

struct media_address {
	struct media_address *next;
	char network[32];
	struct address address;
	struct ports *ports;
	bool gone; /* the dataplane has it no more; legs may still say it */
};

struct networks {
	struct media_address *first; /* in the order of the dataplane's configuration */
	unsigned int port_first, port_last, quarantine_ms;
};

/*
 * What the dataplane says it has; the ports of an address it had before stay. 0, -ENOMEM, -EINVAL.
 */
int networks_update(struct networks *networks, const Tandem__Dataplane__V1__Hello *hello);
void networks_free(struct networks *networks);

/*
 * Returns an address of the network ("": any) and of the family, NULL if it has none. Without
 * `strict` the other family will do.
 */
struct media_address *networks_choose(const struct networks *networks, const char *network,
				      bool ipv4, bool strict);
/* Another one of the same network and family, behind this one; NULL: there is none. */
struct media_address *networks_next(const struct media_address *address);
struct media_address *networks_find(const struct networks *networks, const struct address *address);

#endif
