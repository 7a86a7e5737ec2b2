/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_EGRESS_MAKE_H
#define TANDEM_EGRESS_MAKE_H

#include "dataplane/egress.h"

struct dataplane;

/*
 * Main lcore: the egress from local address `local` (an index) and UDP port `local_port` (host byte
 * order) to `remote`, marked with `dscp`, with one hold on it. NULL: no route or no memory.
 */
struct egress *egress_create(struct dataplane *d, unsigned int local, uint16_t local_port,
			     const struct endpoint *remote, uint8_t dscp);
void egress_release(struct egress *egress); /* shared.h; NULL is accepted */

#endif
