/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet of a burst goes to the client of an allocation: how every stage sends it there. */
#ifndef TANDEM_TURN_PASS_H
#define TANDEM_TURN_PASS_H

#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/turn.h"
#include "dataplane/worker.h"

/* Its UDP payload, or an answer in its place, has `length` octets. Only what leaves is counted. */
static inline void turn_pass(struct worker *w, struct burst *b, unsigned int i,
			     struct allocation *a, uint16_t length, const struct endpoint *peer)
{
	enum drop reason = turn_to_client(w->dataplane->turn, a, b->mbuf[i], b->payload[i], length,
					  peer, b->now);

	if (unlikely(reason != DROP_NONE))
		return burst_drop(b, i, reason);
	allocation_count(&a->to_client, length);
	w->counters[COUNTER_TURN_TO_CLIENTS]++;
	burst_send(b, i, a->egress->port);
}

#endif
