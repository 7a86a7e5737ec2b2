/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How busy the dataplane's workers are: what they count is read with each round of the audit, and
 * the share of the last seconds is what was added since. The session's loop only.
 */
#ifndef TANDEM_WORKLOAD_H
#define TANDEM_WORKLOAD_H

#include <stdint.h>

#include "dataplane/api/dataplane.pb-c.h"

#define WORKLOAD_WORKERS 64

struct session;

struct workload_reading {
	unsigned int count; /* of workers; 0: nothing was read */
	struct {
		uint64_t busy_us, total_us;
	} workers[WORKLOAD_WORKERS];
};

/* All zero: nothing is known. */
struct workload {
	struct workload_reading last, before;
};

/* Reads what the workers have counted; a round of the audit begins. */
void workload_read(struct session *s);
/* The dataplane is another one, or away. */
void workload_reset(struct workload *load);

/* A reading; not sooner than a second after the last one, or it is left out. */
void workload_take(struct workload *load, const Tandem__Dataplane__V1__Reply *reply);
/*
 * Of each worker in the reply, 0 to 1, since one of the last readings, a second ago at least.
 * Returns of how many; 0: that is not known.
 */
unsigned int workload_busy(const struct workload *load, const Tandem__Dataplane__V1__Reply *reply,
			   double busy[WORKLOAD_WORKERS]);

#endif
