/* SPDX-License-Identifier: BSD-3-Clause */
/* The main lcore's side of a worker: its memory, its rings and what is put into its mailbox. */
#include <errno.h>
#include <stdio.h>

#include <openssl/rand.h>
#include <rte_cycles.h>
#include <rte_malloc.h>

#include "dataplane/dataplane.h"
#include "dataplane/main/floods/block_list.h"
#include "dataplane/main/legs/stream_pool.h"
#include "dataplane/main/workers.h"
#include "dataplane/move.h"
#include "dataplane/sources.h"
#include "dataplane/stream.h"
#include "dataplane/worker.h"

#define HANDOVER_SIZE 4096
#define NOTICES_SIZE  4096
#define ORDERS_SIZE   4096
#define SAMPLES_SIZE  256

static bool has_room(const struct worker *w, unsigned int orders)
{
	return w->open_orders + orders < ORDERS_SIZE;
}

bool workers_have_room(const struct dataplane *d)
{
	for (unsigned int k = 0; k < d->worker_count; k++)
		if (!has_room(d->workers[k], ORDERS_PER_REQUEST))
			return false;
	return true;
}

int worker_order(struct worker *w, struct order order)
{
	if (!has_room(w, 1) || rte_ring_sp_enqueue_elem(w->orders, &order, sizeof(order)))
		return -EAGAIN;
	w->open_orders++;
	return 0;
}

static struct rte_ring *create_ring(const char *what, uint16_t id, unsigned int element,
				    unsigned int count, unsigned int flags, int node)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s-%u", what, id);
	return rte_ring_create_elem(name, element, count, node, flags);
}

int worker_create(struct worker **out, struct dataplane *d, uint16_t id, uint32_t streams)
{
	const unsigned int lcore = id + 1; /* after the main lcore's */
	const int node = rte_lcore_to_socket_id(lcore);
	struct worker *w = rte_zmalloc_socket("worker", sizeof(*w), RTE_CACHE_LINE_SIZE, node);
	const unsigned int single = RING_F_SP_ENQ | RING_F_SC_DEQ;

	if (!w)
		return -ENOMEM;
	w->dataplane = d;
	w->id = id;
	w->lcore = lcore;
	w->hz = rte_get_tsc_hz();
	clock_set(&d->clock);
	load_start(&w->load, w->hz);
	w->handover =
		create_ring("handover", id, sizeof(void *), HANDOVER_SIZE, RING_F_SC_DEQ, node);
	w->outbound =
		create_ring("outbound", id, sizeof(void *), HANDOVER_SIZE, RING_F_SC_DEQ, node);
	w->orders = create_ring("orders", id, sizeof(struct order), ORDERS_SIZE, single, node);
	w->dones = create_ring("dones", id, sizeof(struct done), ORDERS_SIZE, single, node);
	w->notices = create_ring("notices", id, sizeof(struct notice), NOTICES_SIZE, single, node);
	w->copies = rte_zmalloc_socket("copies", sizeof(*w->copies), RTE_CACHE_LINE_SIZE, node);
	w->holds = rte_zmalloc_socket("holds", HOLDS_MAX * sizeof(*w->holds), RTE_CACHE_LINE_SIZE,
				      node);
	w->samples =
		create_ring("samples", id, sizeof(struct shed_sample), SAMPLES_SIZE, single, node);
	if (!w->copies || !w->holds || !w->handover || !w->outbound || !w->orders || !w->dones ||
	    !w->notices || !w->samples || stream_pool_create(w, streams, node)) {
		worker_destroy(w);
		return -ENOMEM;
	}
	*out = w;
	return 0;
}

int worker_judge(struct worker *w)
{
	if (w->sources)
		return 0;
	w->sources = rte_zmalloc_socket("sources", sizeof(*w->sources), RTE_CACHE_LINE_SIZE,
					rte_lcore_to_socket_id(w->lcore));
	if (!w->sources || RAND_bytes((uint8_t *)&w->sources->seed, sizeof(w->sources->seed)) != 1)
		return -ENOMEM;
	return 0;
}

void worker_destroy(struct worker *w)
{
	if (!w)
		return;
	block_list_release(w->blocks);
	rte_free(w->sources);
	stream_pool_destroy(w);
	rte_free(w->copies);
	rte_free(w->holds);
	rte_ring_free(w->samples);
	rte_ring_free(w->notices);
	rte_ring_free(w->dones);
	rte_ring_free(w->orders);
	rte_ring_free(w->outbound);
	rte_ring_free(w->handover);
	rte_free(w);
}
