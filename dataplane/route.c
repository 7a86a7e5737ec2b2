/* SPDX-License-Identifier: BSD-3-Clause */
/* Through which leg a packet leaves, and whether it may. */
#include <assert.h>
#include <stddef.h>

#include <rte_prefetch.h>

#include "dataplane/burst.h"
#include "dataplane/leg.h"
#include "dataplane/rtp.h"
#include "dataplane/stages.h"
#include "dataplane/stream.h"
#include "dataplane/worker.h"

static_assert(offsetof(struct egress, header) + 14 + 4 + 20 + 8 <= RTE_CACHE_LINE_SIZE,
	      "one line is prefetched of an egress");

/* The key, and the word of the window that the packet's index will go into. */
static inline void prefetch_send(const struct burst *b, unsigned int i, const struct crypt_key *key,
				 bool rtcp)
{
	rte_prefetch0(key);
	if (likely(!rtcp))
		rte_prefetch0(&b->stream[i]->send_window[rtp_seq(burst_payload(b, i)) %
							 STREAM_WINDOW / 64]);
}

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
	rte_prefetch0(egress);
	b->egress[i] = egress;
	if (config->peer_secure && config->send)
		prefetch_send(b, i, config->send, rtcp);
}

void route_stage(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++)
		if (burst_is_media(b, i))
			route_packet(b, i);
}
