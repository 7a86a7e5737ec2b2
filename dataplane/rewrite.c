/* SPDX-License-Identifier: BSD-3-Clause */
/* New Ethernet, IP and UDP headers, prebuilt in the egress, before the payload. */
#include "dataplane/burst.h"
#include "dataplane/egress.h"
#include "dataplane/leg.h"
#include "dataplane/stages.h"
#include "dataplane/worker.h"

static inline void rewrite_packet(struct burst *b, unsigned int i)
{
	const struct egress *e = b->egress[i];
	struct rte_mbuf *m = b->mbuf[i];
	uint8_t *frame;

	if (unlikely(e->length - e->l3 + b->length[i] > e->mtu))
		return burst_drop(b, i, DROP_TOO_LARGE);
	if (e->length <= b->payload[i])
		frame = (uint8_t *)rte_pktmbuf_adj(m, b->payload[i] - e->length);
	else
		frame = (uint8_t *)rte_pktmbuf_prepend(m, e->length - b->payload[i]);
	if (unlikely(!frame))
		return burst_drop(b, i, DROP_NO_ROOM);
	/* Ethernet padding, if there was any, goes. */
	rte_pktmbuf_data_len(m) = rte_pktmbuf_pkt_len(m) = e->length + b->length[i];
	if (unlikely(egress_fill(e, m, b->length[i])))
		return burst_drop(b, i, DROP_NO_NEIGHBOUR);
	burst_send(b, i, e->port);
}

void rewrite_stage(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++)
		if (burst_is_media(b, i))
			rewrite_packet(b, i);
}
