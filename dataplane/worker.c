/* SPDX-License-Identifier: BSD-3-Clause */
/* One worker: its queues, its burst's way through the stages, and what the main lcore orders. */
#include "dataplane/worker.h"

#include <rte_cycles.h>

#include "dataplane/dataplane.h"
#include "dataplane/idle.h"
#include "dataplane/stages.h"

static void run_stages(struct worker *w, struct burst *b)
{
	/* What was ordered before these packets came is in force for them. */
	worker_obey(w, b->now);

#define X(stage) stage##_stage(w, b);
	STAGES(X)
#undef X
	w->bursts++;
}

/* Packets that came in by a worker that does not own their port. */
static void take_handover(struct worker *w, struct burst *b, uint64_t now)
{
	b->count = rte_ring_sc_dequeue_burst(w->handover, (void **)b->mbuf, BURST_MAX, NULL);
	b->handed_over = true;
	b->now = now;
	for (unsigned int i = 0; i < b->count; i++)
		b->port[i] = b->mbuf[i]->port;
}

/* Frames that are ready: of the main lcore, or of a worker without a queue of its own. */
static void send_frames(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++) {
		b->leg[i] = NULL;
		burst_send(b, i, b->mbuf[i]->port);
	}
	tx_stage(w, b);
	drop_stage(w, b);
}

static unsigned int take_outbound(struct worker *w, struct burst *b)
{
	b->count = rte_ring_sc_dequeue_burst(w->outbound, (void **)b->mbuf, BURST_MAX, NULL);
	if (b->count)
		send_frames(w, b);
	return b->count;
}

static void send_own(struct worker *w, struct rte_mbuf *m, uint16_t port)
{
	struct burst b = {.count = 1, .mbuf = {m}};

	m->port = port;
	send_frames(w, &b);
}

unsigned int worker_obey(struct worker *w, uint64_t now)
{
	struct order orders[32];
	unsigned int count = rte_ring_sc_dequeue_burst_elem(w->orders, orders, sizeof(orders[0]),
							    RTE_DIM(orders), NULL);

	for (unsigned int k = 0; k < count; k++) {
		struct done done = {.kind = orders[k].kind, .leg = orders[k].leg};

		switch ((enum order_kind)orders[k].kind) {
		case ORDER_APPLY:
			done.object = leg_apply(w, orders[k].leg, orders[k].object, now);
			break;
		case ORDER_CLEAR:
			done.object = leg_clear(w, orders[k].leg);
			break;
		case ORDER_SEND:
			send_own(w, orders[k].object, orders[k].port);
			break;
		case ORDER_BLOCKS:
			done.object = w->blocks;
			w->blocks = orders[k].object;
			break;
		case ORDER_LET_GO:
			leg_let_go(orders[k].leg, orders[k].branch, orders[k].object);
			done.object = orders[k].object;
			break;
		}
		rte_ring_sp_enqueue_elem(w->dones, &done, sizeof(done));
	}
	return count;
}

unsigned int worker_poll(struct worker *w)
{
	const struct dataplane *d = w->dataplane;
	uint64_t now = rte_rdtsc();
	unsigned int taken;
	struct burst b;

	taken = worker_obey(w, now);
	taken += take_outbound(w, &b);
	take_handover(w, &b, now);
	if (b.count) {
		taken += b.count;
		run_stages(w, &b);
	}
	for (unsigned int n = 0; n < d->network_count; n++) {
		const struct network *network = &d->networks[n];

		for (unsigned int q = w->id; q < network->queues; q += d->worker_count) {
			rx_stage(w, &b, network->port, q);
			if (!b.count)
				continue;
			taken += b.count;
			run_stages(w, &b);
		}
	}
	return taken;
}

int worker_run(void *arg)
{
	struct worker *w = arg;
	unsigned int empty_turns = 0;

	while (!__atomic_load_n(&w->dataplane->stop, __ATOMIC_RELAXED)) {
		if (worker_poll(w))
			empty_turns = 0;
		else
			empty_turns++;
		if (empty_turns)
			idle_wait(w->idle, empty_turns);
	}
	return 0;
}
