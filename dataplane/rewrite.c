/* SPDX-License-Identifier: BSD-3-Clause */
/* New Ethernet, IP and UDP headers, prebuilt in the egress, before the payload. */
#include <rte_prefetch.h>

#include "dataplane/burst.h"
#include "dataplane/capture.h"
#include "dataplane/dataplane.h"
#include "dataplane/rewrite.h"
#include "dataplane/stages.h"
#include "dataplane/turn_pass.h"
#include "dataplane/worker.h"

/* To who is behind an allocation of this relay's. */
static __rte_noinline void pass_to_client(struct worker *w, struct burst *b, unsigned int i)
{
	const struct egress_relayed to = egress_relayed(b->egress[i]);

	turn_pass(w, b, i, to.allocation, b->length[i], &to.local);
}

static inline void rewrite_packet(struct worker *w, struct burst *b, unsigned int i)
{
	const struct egress *e = b->egress[i];
	enum drop reason;

	if (unlikely(egress_is_relayed(e)))
		return pass_to_client(w, b, i);
	reason = rewrite_frame(e, b->mbuf[i], b->payload[i], b->length[i]);
	if (unlikely(reason != DROP_NONE))
		return burst_drop(b, i, reason);
	burst_send(b, i, e->port);
}

/* The allocations have come, since route; what they lead to has not. */
static void prefetch_relayed(const struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++)
		if (burst_is_media(b, i) && unlikely(egress_is_relayed(b->egress[i])))
			rte_prefetch0(egress_relayed(b->egress[i]).allocation->egress);
}

void rewrite_stage(struct worker *w, struct burst *b)
{
	if (unlikely(b->relays))
		prefetch_relayed(b);
	for (unsigned int i = 0; i < b->count; i++)
		if (burst_is_media(b, i))
			rewrite_packet(w, b, i);
	if (unlikely(b->captures))
		capture_sent(w, b);
}
