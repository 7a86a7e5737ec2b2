/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/paced.h"

#include <math.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#define LEAD_US 10 /* from paced_start() to the first packet */

/* The receive side of a port: which packets of the load come in there, in their order. */
struct queue {
	uint16_t number[RIG_PACKETS];
	uint32_t head, tail;
	uint16_t port;
	uint64_t flags; /* of each mbuf */
};

static struct {
	struct traffic *traffic;
	struct queue queues[RIG_NETWORKS];
	struct paced_clock *clock;
	uint64_t last;                 /* TSC: when a port's function was called */
	uint64_t stopped;              /* ticks, in this load */
	uint32_t burst;                /* packets received since */
	uint64_t patience;             /* ticks that are no pause */
	uint64_t arrival[RIG_PACKETS]; /* TSC */
	uint32_t *latency;
	uint32_t sent;
	uint64_t random;
} paced = {.random = 0x2545f4914f6cdd1d};

/* The time by which packets arrive. */
static uint64_t look(void)
{
	const uint64_t now = rte_rdtsc(), gap = now - paced.last;
	struct paced_clock *c = paced.clock;

	paced.last = now;
	if (unlikely(gap > paced.patience) &&
	    gap - paced.patience > 1.5 * paced.burst * c->service) {
		c->pauses++;
		c->paused += gap;
		if (c->stopped)
			paced.stopped += gap;
	}
	paced.burst = 0;
	return now - paced.stopped;
}

static void note(uint32_t number, uint64_t now)
{
	paced.latency[number] = RTE_MIN(now - paced.arrival[number], (uint64_t)UINT32_MAX);
}

/* --- ports ----------------------------------------------------------------------------------- */

/* As a driver does, it writes into the first cache line of each mbuf; the number is the hash. */
static uint16_t rx_burst(void *queue, struct rte_mbuf **packets, uint16_t count)
{
	const uint64_t now = look();
	struct queue *q = queue;
	uint16_t k;

	for (k = 0; k < count && q->head < q->tail; k++, q->head++) {
		uint32_t number = q->number[q->head];
		struct rte_mbuf *m = paced.traffic->mbuf[number];

		if (paced.arrival[number] > now)
			break;
		m->port = q->port;
		m->nb_segs = 1;
		m->ol_flags = q->flags;
		m->hash.usr = number;
		packets[k] = m;
	}
	paced.burst = k;
	return k;
}

static uint16_t tx_burst(void *queue, struct rte_mbuf **packets, uint16_t count)
{
	const uint64_t now = look();

	for (uint16_t k = 0; k < count; k++)
		note(packets[k]->hash.usr, now);
	paced.sent += count;
	return count;
}

void paced_open(struct traffic *t)
{
	static void *rx[RIG_NETWORKS], *tx[RIG_NETWORKS];

	paced.traffic = t;
	for (unsigned int n = 0; n < RIG_NETWORKS; n++) {
		struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[n];

		paced.queues[n].port = n;
		paced.queues[n].flags = traffic_flags(&t->rig->config);
		rx[n] = tx[n] = &paced.queues[n];
		ops->rx_pkt_burst = rx_burst;
		ops->tx_pkt_burst = tx_burst;
		ops->rxq.data = &rx[n];
		ops->txq.data = &tx[n];
	}
}

/* --- time ------------------------------------------------------------------------------------ */

static double draw(double mean)
{
	uint64_t x = paced.random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	paced.random = x;
	return -mean * log(((x >> 11) + 1) * 0x1p-53);
}

void paced_plan(double interval)
{
	double at = 0;

	for (unsigned int n = 0; n < RIG_NETWORKS; n++)
		paced.queues[n].head = paced.queues[n].tail = 0;
	for (uint32_t k = 0; k < RIG_PACKETS; k++) {
		struct queue *q = &paced.queues[paced.traffic->sender[k]->network];

		q->number[q->tail++] = k;
		if (interval > 0)
			at += draw(interval);
		paced.arrival[k] = at;
	}
}

void paced_start(struct paced_clock *clock, uint32_t *latency)
{
	uint64_t begin;

	paced.latency = latency;
	paced.clock = clock;
	paced.sent = 0;
	paced.stopped = 0;
	paced.patience = rte_get_tsc_hz() / 1000000 * PACED_PAUSE_US;
	paced.last = rte_rdtsc();
	begin = paced.last + rte_get_tsc_hz() / 1000000 * LEAD_US;
	for (uint32_t k = 0; k < RIG_PACKETS; k++)
		paced.arrival[k] += begin;
}

uint32_t paced_sent(void)
{
	return paced.sent;
}

uint64_t paced_begin(void)
{
	return paced.arrival[0];
}

bool paced_is_late(void)
{
	const uint64_t due = paced.arrival[RIG_PACKETS - 1] + paced.stopped;

	return (int64_t)(rte_rdtsc() - due - rte_get_tsc_hz()) > 0;
}

void paced_watch(void)
{
	for (uint32_t k = 0; k < RIG_PACKETS; k++) {
		uint64_t now = look();

		while (now < paced.arrival[k])
			now = look();
		note(k, now);
	}
	paced.sent = RIG_PACKETS;
}
