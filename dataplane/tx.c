/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of the way: the burst's finished packets, port by port, to the worker's queues. */
#include <rte_ethdev.h>

#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/stages.h"
#include "dataplane/worker.h"

/* A worker without a queue on this port has another one send. */
static uint16_t pass_on(struct worker *w, const struct port *p, struct rte_mbuf **packets,
			uint16_t count)
{
	struct worker *other = w->dataplane->workers[w->id % p->queues];

	for (unsigned int k = 0; k < count; k++)
		packets[k]->port = p->id;
	return rte_ring_mp_enqueue_burst(other->outbound, (void **)packets, count, NULL);
}

static void send_through(struct worker *w, struct burst *b, const struct port *p)
{
	struct rte_mbuf *packets[BURST_MAX];
	uint8_t slot[BURST_MAX];
	uint16_t count = 0, sent;

	for (unsigned int i = 0; i < b->count; i++) {
		if (b->class[i] != CLASS_SEND || b->port[i] != p->id)
			continue;
		slot[count] = i;
		packets[count++] = b->mbuf[i];
	}
	if (!count)
		return;

	if (unlikely(port_is_paused(p))) {
		sent = 0;
	} else if (w->id < p->queues) {
		sent = rte_eth_tx_burst(p->id, w->id, packets, count);
		w->counters[COUNTER_TX] += sent;
	} else {
		sent = pass_on(w, p, packets, count);
	}
	w->load.departed += sent;
	/* A bond gives back what is left in another order. */
	for (unsigned int k = sent; k < count; k++) {
		b->mbuf[slot[k]] = packets[k];
		burst_drop(b, slot[k], DROP_TX_FULL);
	}
}

void tx_stage(struct worker *w, struct burst *b)
{
	const struct dataplane *d = w->dataplane;

	for (unsigned int p = 0; p < d->port_count; p++)
		send_through(w, b, &d->ports[p]);
}
