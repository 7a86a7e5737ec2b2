/* SPDX-License-Identifier: BSD-3-Clause */
/* All counters of the dataplane in one list: what is shed, ports, workers. Main lcore only. */
#ifndef TANDEM_COUNTERS_H
#define TANDEM_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/dataplane.pb-c.h"

struct dataplane;
struct shed;

struct counters {
	const struct dataplane *dataplane;
	const struct shed *shed;     /* NULL if no XDP program counts */
	const uint64_t *punts_lost;  /* the server's; or NULL */
	const uint64_t *turn_excess; /* the TURN server's; or NULL */
};

/* What floods cost, by enum shed_reason: of the XDP programs and of the workers' own stage. */
void counters_shed(const struct counters *c, uint64_t packets[]);
/* Fills the list; freed with its message, also after -ENOMEM. */
int counters_report_shed(const struct counters *c, Tandem__Dataplane__V1__Counter ***list,
			 size_t *count);

/*
 * Fills reply->counters, in the order of a packet's way, links and workers; freed with the reply.
 * 0, -ENOMEM.
 */
int counters_report(const struct counters *c, Tandem__Dataplane__V1__Reply *reply);

#endif
