/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_EGRESS_MAKE_H
#define TANDEM_EGRESS_MAKE_H

#include "dataplane/egress.h"

struct dataplane;

/*
 * Main lcore: the egress from local address `local` (an index) and UDP port `local_port` (host byte
 * order) to `remote`. NULL: no route or no memory. egress_free() only when no worker can read it
 * any more.
 */
struct egress *egress_create(struct dataplane *d, unsigned int local, uint16_t local_port,
			     const struct endpoint *remote);
void egress_free(struct egress *egress);

#endif
