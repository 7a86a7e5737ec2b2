/* SPDX-License-Identifier: BSD-3-Clause */
/* Through which leg a packet leaves, and whether it may. */
#include <rte_prefetch.h>

#include "dataplane/burst.h"
#include "dataplane/leg.h"
#include "dataplane/rtp.h"
#include "dataplane/stages.h"
#include "dataplane/stream.h"
#include "dataplane/worker.h"

/* The word that the packet's index will go into. */
static inline void prefetch_window(const struct burst *b, unsigned int i)
{
	unsigned int bit = rtp_seq(burst_payload(b, i)) % STREAM_WINDOW;

	rte_prefetch0(&b->stream[i]->send_window[bit / 64]);
}

/* RTCP goes on during hold (RFC 3264 8.4). */
static inline const struct egress *egress_of(const struct leg *leg, bool rtcp)
{
	const struct leg_config *config = leg->config;

	return likely(!rtcp) ? leg->flow.egress : config->egress[!config->peer_rtcp_mux];
}

static enum drop why_not(const struct leg_config *config, bool rtcp)
{
	if (!config->peer)
		return DROP_NO_PEER;
	if (!config->forward && !rtcp)
		return DROP_HELD;
	return config->mute ? config->mute : DROP_NO_ADDRESS;
}

static inline void route_packet(struct burst *b, unsigned int i)
{
	const struct leg *leg = b->leg[i];
	bool rtcp = b->class[i] == CLASS_RTCP;

	b->egress[i] = egress_of(leg, rtcp);
	if (unlikely(!b->egress[i]))
		return burst_drop(b, i, why_not(leg->config, rtcp));
	if (!b->egress[i]->offload)
		burst_prefetch_payload(b, i);
	if (flow_protects(&leg->flow) && likely(!rtcp))
		prefetch_window(b, i);
}

void route_stage(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++)
		if (burst_is_media(b, i))
			route_packet(b, i);
}
