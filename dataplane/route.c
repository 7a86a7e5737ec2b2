/* SPDX-License-Identifier: BSD-3-Clause */
/* Through which leg a packet leaves, and whether it may. */
#include "dataplane/burst.h"
#include "dataplane/leg.h"
#include "dataplane/stages.h"
#include "dataplane/worker.h"

static inline void route_packet(struct burst *b, unsigned int i)
{
	const struct leg_config *config = b->leg[i]->config;
	const struct leg *peer = config->peer;
	const struct egress *egress;
	bool rtcp = b->class[i] == CLASS_RTCP;

	if (unlikely(!peer))
		return burst_drop(b, i, DROP_NO_PEER);
	/* RTCP goes on during hold (RFC 3264 8.4). */
	if (unlikely(!config->forward && !rtcp))
		return burst_drop(b, i, DROP_HELD);
	egress = __atomic_load_n(&peer->egress[rtcp && !config->peer_rtcp_mux], __ATOMIC_ACQUIRE);
	if (unlikely(!egress))
		return burst_drop(b, i, peer->mute ? peer->mute : DROP_NO_ADDRESS);
	b->egress[i] = egress;
}

void route_stage(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++)
		if (burst_is_media(b, i))
			route_packet(b, i);
}
