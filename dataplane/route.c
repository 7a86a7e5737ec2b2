/* SPDX-License-Identifier: BSD-3-Clause */
/* Through which leg a packet leaves, and whether it may. */
#include <string.h>

#include <rte_prefetch.h>

#include "dataplane/allocation.h"
#include "dataplane/burst.h"
#include "dataplane/egress.h"
#include "dataplane/leg.h"
#include "dataplane/path.h"
#include "dataplane/wire/rtp.h"
#include "dataplane/stages.h"
#include "dataplane/stream.h"
#include "dataplane/worker.h"

/* The word that the packet's index will go into. */
static inline void prefetch_window(const struct burst *b, unsigned int i)
{
	unsigned int bit = rtp_seq(burst_payload(b, i)) % STREAM_WINDOW;

	rte_prefetch0(&b->stream[i]->windows->send[bit / 64]);
}

/* RTCP goes on during hold (RFC 3264 8.4). */
static inline const struct egress *egress_of(const struct flow *flow, bool rtcp)
{
	if (likely(!rtcp))
		return flow->egress;
	return flow->path ? flow->path->egress[!flow->path->rtcp_mux] : NULL;
}

static enum drop why_not(const struct flow *flow, bool rtcp)
{
	if (!flow->path)
		return DROP_NO_PATH;
	return flow->path->mute && !rtcp ? flow->path->mute : flow->path->unreachable;
}

/* Padding would say how much of it there is (RFC 3550 5.1). */
static enum drop silence(struct burst *b, unsigned int i, const struct silence *s)
{
	uint8_t *rtp = burst_payload(b, i);
	uint8_t type = rtp_payload_type(rtp);
	uint32_t header = rtp_header_length(rtp);

	if (!(s->types[type / 64] >> type % 64 & 1))
		return DROP_NO_SILENCE;
	rtp[0] &= ~RTP_PADDING;
	memset(rtp + header, s->octet[type], b->length[i] - header);
	return DROP_NONE;
}

static void follow_relayed(struct burst *b, unsigned int i)
{
	b->relays = true;
	allocation_prefetch(egress_relayed(b->egress[i]).allocation);
}

static inline void route_packet(struct burst *b, unsigned int i)
{
	const struct flow *flow = b->flow[i];
	bool rtcp = b->class[i] == CLASS_RTCP;
	enum drop reason;

	b->egress[i] = egress_of(flow, rtcp);
	if (unlikely(!b->egress[i]))
		return burst_drop(b, i, why_not(flow, rtcp));
	if (unlikely(flow->silenced) && !rtcp) {
		reason = silence(b, i, flow->path->silence);
		if (reason != DROP_NONE)
			return burst_drop(b, i, reason);
	}
	if (unlikely(egress_is_relayed(b->egress[i])))
		follow_relayed(b, i);
	else if (!b->egress[i]->offload)
		burst_prefetch_payload(b, i);
	if (flow_protects(flow) && likely(!rtcp && flow->send))
		prefetch_window(b, i);
}

void route_stage(struct worker *w, struct burst *b)
{
	b->relays = false;
	for (unsigned int i = 0; i < b->count; i++)
		if (burst_is_media(b, i))
			route_packet(b, i);
}
