/* SPDX-License-Identifier: BSD-3-Clause */
/* One worker: its queues, its burst's way through the stages, and what the main lcore orders. */
#include "dataplane/worker.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "dataplane/capture.h"
#include "dataplane/dataplane.h"
#include "dataplane/idle.h"
#include "dataplane/move.h"
#include "dataplane/stages.h"

static void run_stages(struct worker *w, struct burst *b)
{
	uint64_t departed;

	/* What was ordered before these packets came is in force for them. */
	worker_obey(w, b->now);

	w->load.taken += b->count;
	departed = w->load.departed;
#define X(stage) stage##_stage(w, b);
	STAGES(X)
#undef X
	load_depart(&w->load, departed, b->now, rte_rdtsc());
}

/* Packets that came in by a worker that does not own their leg, and words about legs that move. */
static unsigned int take_handover(struct worker *w, struct burst *b, uint64_t now)
{
	void *taken[BURST_MAX], *words[BURST_MAX];
	unsigned int count = rte_ring_sc_dequeue_burst(w->handover, taken, BURST_MAX, NULL);
	unsigned int word_count = 0;

	b->count = 0;
	b->handed_over = true;
	b->now = now;
	for (unsigned int i = 0; i < count; i++) {
		if (move_is_word(taken[i])) {
			words[word_count++] = taken[i];
			continue;
		}
		b->mbuf[b->count] = taken[i];
		b->port[b->count] = b->mbuf[b->count]->port;
		b->count++;
	}
	if (b->count)
		run_stages(w, b);
	for (unsigned int i = 0; i < word_count; i++)
		move_hear(w, words[i]);
	return count;
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

/* A leg that moves, or goes, is not this worker's to look into. */
static void send_own(struct worker *w, const struct leg *leg, struct rte_mbuf *m, uint16_t port)
{
	struct burst b = {.count = 1, .mbuf = {m}};

	if (leg && leg_worker(leg) == w->id && leg->config && leg->config->tap)
		capture_own(w, leg->config->tap, m);
	m->port = port;
	send_frames(w, &b);
}

/* `passed`: for who waits until every worker has been here. */
static void pulse(const struct worker *w, const struct port *p, uint32_t *passed)
{
	if (w->id < p->queues && !port_is_paused(p))
		rte_eth_tx_burst(p->id, w->id, NULL, 0);
	if (passed)
		__atomic_fetch_add(passed, 1, __ATOMIC_RELEASE);
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
			if (w->hold_count)
				move_forget(w, orders[k].leg);
			done.object = leg_clear(w, orders[k].leg);
			break;
		case ORDER_SEND:
			send_own(w, orders[k].leg, orders[k].object, orders[k].port);
			break;
		case ORDER_PULSE:
			pulse(w, w->dataplane->port_by_id[orders[k].port], orders[k].object);
			break;
		case ORDER_BLOCKS:
			done.object = w->blocks;
			w->blocks = orders[k].object;
			break;
		case ORDER_LET_GO:
			leg_let_go(orders[k].leg, orders[k].branch, orders[k].object);
			done.object = orders[k].object;
			break;
		case ORDER_PASS:
			break;
		case ORDER_MOVE:
			if (move_begin(w, orders[k].leg, orders[k].port, now))
				continue;
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
	while (unlikely(w->hold_count) && move_take(w, &b)) {
		taken += b.count;
		run_stages(w, &b);
	}
	taken += w->hold_count;
	taken += take_handover(w, &b, now);
	for (unsigned int p = 0; p < d->port_count; p++) {
		const struct port *port = &d->ports[p];

		for (unsigned int q = w->id; q < port->queues; q += d->worker_count) {
			if (unlikely(port_is_paused(port)))
				break;
			rx_stage(w, &b, port->id, q);
			if (!b.count)
				continue;
			taken += b.count;
			run_stages(w, &b);
		}
	}
	return taken;
}

unsigned int worker_settle(struct worker *w)
{
	unsigned int done = worker_obey(w, rte_rdtsc());
	struct burst b;
	void *taken;

	while (move_take(w, &b))
		rte_pktmbuf_free_bulk(b.mbuf, b.count);
	for (; rte_ring_sc_dequeue(w->handover, &taken) == 0; done++) {
		if (move_is_word(taken))
			move_hear(w, taken);
		else
			rte_pktmbuf_free(taken);
	}
	return done + w->hold_count;
}

int worker_run(void *arg)
{
	struct worker *w = arg;
	uint64_t began = rte_rdtsc();
	unsigned int empty_turns = 0;

	while (!__atomic_load_n(&w->dataplane->stop, __ATOMIC_RELAXED)) {
		uint64_t before = began;

		w->counters[COUNTER_TURNS]++;
		if (worker_poll(w)) {
			empty_turns = 0;
		} else {
			w->counters[COUNTER_EMPTY_TURNS]++;
			idle_wait(w->idle, ++empty_turns);
		}
		began = rte_rdtsc();
		load_turn(&w->load, began - before, !empty_turns);
	}
	return 0;
}
