/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of the way: the burst's finished packets, port by port, to the worker's queues. */
#include <rte_ethdev.h>

#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/leg.h"
#include "dataplane/stages.h"
#include "dataplane/worker.h"

static void send_through(struct worker *w, struct burst *b, uint16_t port)
{
	struct rte_mbuf *packets[BURST_MAX];
	uint8_t slot[BURST_MAX];
	uint16_t count = 0, sent;

	for (unsigned int i = 0; i < b->count; i++) {
		if (b->class[i] != CLASS_SEND || b->port[i] != port)
			continue;
		slot[count] = i;
		packets[count++] = b->mbuf[i];
	}
	if (!count)
		return;

	sent = rte_eth_tx_burst(port, w->id, packets, count);
	w->counters[COUNTER_TX] += sent;
	for (unsigned int k = 0; k < count; k++) {
		unsigned int i = slot[k];

		if (k >= sent)
			burst_drop(b, i, DROP_TX_FULL);
		else if (b->egress[i] && b->stream[i])
			b->leg[i]->flow.sent_packets++;
	}
}

void tx_stage(struct worker *w, struct burst *b)
{
	const struct dataplane *d = w->dataplane;

	for (unsigned int n = 0; n < d->network_count; n++)
		send_through(w, b, d->networks[n].port);
}
