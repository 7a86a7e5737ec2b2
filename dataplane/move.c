/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/move.h"

#include "dataplane/branch.h"
#include "dataplane/dataplane.h"
#include "dataplane/retire.h"
#include "dataplane/stream.h"

#define MOVES_TOLD 64 /* notices that wait, of all kinds */

static bool say(const struct worker *to, const struct leg *leg)
{
	return rte_ring_mp_enqueue(to->handover, (void *)((uintptr_t)leg | 1)) == 0;
}

/* --- the owner ------------------------------------------------------------------------------- */

void move_count(struct worker *w, struct leg *leg, uint16_t from, uint16_t port, uint64_t now)
{
	if (from == w->id) {
		leg->flow.strayed = 0;
		return;
	}
	if (from != leg->flow.stray_from) {
		leg->flow.stray_from = from;
		leg->flow.strayed = 0;
	}
	if (leg->flow.strayed < MOVE_AFTER && ++leg->flow.strayed < MOVE_AFTER)
		return;
	/* At most once a second, whatever the NIC does. */
	if (!w->dataplane->port_by_id[port]->spreads_flows ||
	    (leg->moved && now - leg->moved < w->hz))
		return;
	/* Where too many move already, the next packet says it again; others have to say more. */
	if (rte_ring_count(w->notices) < MOVES_TOLD)
		worker_notify(w,
			      (struct notice){.kind = NOTICE_MOVE, .component = from, .leg = leg});
}

bool move_begin(struct worker *w, struct leg *leg, uint16_t to, uint64_t now)
{
	if (!say(w->dataplane->workers[to], leg))
		return false;
	leg->goes_to = to;
	leg->moved = now;
	return true;
}

/* The streams beside the first ones are units of a worker's pool. */
static uint32_t count_units(const struct leg *leg)
{
	uint32_t units = stream_units(&leg->flow);

	for (unsigned int k = 0; leg->config && k < leg->config->branch_count; k++)
		units += stream_units(&leg->config->branches[k].branch->flow);
	return units;
}

static void give(struct worker *w, struct leg *leg)
{
	leg->units = count_units(leg);
	w->stream_count -= leg->units;
	w->counters[COUNTER_MOVED]++;
	leg_set_worker(leg, leg->goes_to);
	rte_ring_sp_enqueue_elem(w->dones, &(struct done){.kind = ORDER_MOVE, .leg = leg},
				 sizeof(struct done));
}

/* --- the other one --------------------------------------------------------------------------- */

static struct hold *find(const struct worker *w, const struct leg *leg)
{
	for (unsigned int k = 0; k < w->hold_count; k++)
		if (w->holds[k].leg == leg)
			return &w->holds[k];
	return NULL;
}

static void hold(struct worker *w, struct leg *leg)
{
	struct hold *h = &w->holds[w->hold_count++];

	h->leg = leg;
	h->count = h->next = 0;
	h->said = say(w->dataplane->workers[leg_worker(leg)], leg);
}

bool move_keeps(struct worker *w, const struct leg *leg, struct burst *b, unsigned int i)
{
	struct hold *h = find(w, leg);

	/* What has been kept is on its way. */
	if (!h || h->next)
		return false;
	if (h->count == MOVE_KEEPS) {
		burst_drop(b, i, DROP_HANDOVER_FULL);
		return true;
	}
	h->mbuf[h->count++] = b->mbuf[i];
	b->class[i] = CLASS_DONE;
	return true;
}

static void fill(const struct worker *w, struct hold *h, struct burst *b)
{
	unsigned int left = h->count - h->next;

	b->count = RTE_MIN(left, (unsigned int)BURST_MAX);
	b->handed_over = true;
	b->now = rte_rdtsc();
	for (unsigned int i = 0; i < b->count; i++) {
		b->mbuf[i] = h->mbuf[h->next++];
		b->mbuf[i]->hash.usr = w->id;
		b->port[i] = b->mbuf[i]->port;
	}
}

static void adopt(struct worker *w, const struct hold *h)
{
	if (!h->next)
		w->stream_count += h->leg->units;
}

static void let_go(struct worker *w, struct hold *h)
{
	*h = w->holds[--w->hold_count];
}

void move_forget(struct worker *w, const struct leg *leg)
{
	struct hold *h = find(w, leg);

	if (!h)
		return;
	adopt(w, h);
	w->drops[DROP_CLOSED_PORT] += h->count - h->next;
	rte_pktmbuf_free_bulk(h->mbuf + h->next, h->count - h->next);
	let_go(w, h);
}

bool move_take(struct worker *w, struct burst *b)
{
	for (unsigned int k = 0; k < w->hold_count; k++) {
		struct hold *h = &w->holds[k];

		if (!h->said)
			h->said = say(w->dataplane->workers[leg_worker(h->leg)], h->leg);
		if (leg_worker(h->leg) != w->id)
			continue;
		adopt(w, h);
		fill(w, h, b);
		if (h->next == h->count)
			let_go(w, h);
		if (b->count)
			return true;
		k--;
	}
	return false;
}

/* --- both ------------------------------------------------------------------------------------ */

void move_hear(struct worker *w, void *word)
{
	struct leg *leg = (struct leg *)((uintptr_t)word & ~(uintptr_t)1);

	if (leg_worker(leg) == w->id)
		give(w, leg);
	else
		hold(w, leg);
}
