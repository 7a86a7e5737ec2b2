/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compares, now and then while the dataplane is connected, its legs with those of the calls: what
 * no call owns is deleted and counted, what it lacks is pushed again. A difference counts when it
 * is there twice in a row: requests may be on their way. What is read meanwhile is rated
 * (rating.h). The session's loop only.
 */
#ifndef TANDEM_AUDIT_H
#define TANDEM_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "controlplane/session/rated.h"

struct session;

struct audit {
	uv_timer_t timer; /* data: the session; closed by its owner */
	bool running;
	bool full; /* the dataplane had no leg left */
	uint32_t round;
	uint64_t *suspects, *next; /* ids of this round so far and of the last one, in order */
	unsigned int suspect_count, next_count, next_size;
	unsigned int seen;                              /* legs of this round */
	uint32_t mos[RATED_BINS], next_mos[RATED_BINS]; /* streams of the last round, of this one */
	uint64_t orphans;                               /* deleted since the session was opened */
};

void audit_start(struct session *s);
/* The connection is lost, or new: nothing that was seen counts. */
void audit_reset(struct session *s);
void audit_free(struct session *s);

#endif
