/* SPDX-License-Identifier: BSD-3-Clause */
/* New Ethernet, IP and UDP headers, prebuilt in the egress, before the payload. */
#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/rewrite.h"
#include "dataplane/stages.h"
#include "dataplane/turn.h"
#include "dataplane/worker.h"

/* To who is behind an allocation of this relay's. */
static __rte_noinline void pass_to_client(struct worker *w, struct burst *b, unsigned int i)
{
	const struct egress *e = b->egress[i];
	const struct endpoint local = egress_local(e);
	enum drop reason = turn_to_client(w->dataplane->turn, e->allocation, b->mbuf[i],
					  b->payload[i], b->length[i], &local, b->now);

	if (reason != DROP_NONE)
		return burst_drop(b, i, reason);
	burst_send(b, i, e->allocation->egress->port);
}

static inline void rewrite_packet(struct worker *w, struct burst *b, unsigned int i)
{
	const struct egress *e = b->egress[i];
	enum drop reason;

	if (unlikely(e->allocation))
		return pass_to_client(w, b, i);
	reason = rewrite_frame(e, b->mbuf[i], b->payload[i], b->length[i]);
	if (unlikely(reason != DROP_NONE))
		return burst_drop(b, i, reason);
	burst_send(b, i, e->port);
}

void rewrite_stage(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++)
		if (burst_is_media(b, i))
			rewrite_packet(w, b, i);
}
