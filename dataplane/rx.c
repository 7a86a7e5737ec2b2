/* SPDX-License-Identifier: BSD-3-Clause */
/* The beginning of the way: a burst from one queue of one port. */
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "dataplane/burst.h"
#include "dataplane/stages.h"
#include "dataplane/worker.h"

void rx_stage(struct worker *w, struct burst *b, unsigned int port, unsigned int queue)
{
	b->count = rte_eth_rx_burst(port, queue, b->mbuf, BURST_MAX);
	b->handed_over = false;
	b->now = rte_rdtsc();
	for (unsigned int i = 0; i < b->count; i++)
		b->port[i] = port;
	w->counters[COUNTER_RX] += b->count;
}
