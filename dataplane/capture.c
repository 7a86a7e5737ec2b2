/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/capture.h"

#include <string.h>

#include <rte_cycles.h>
#include <rte_mempool.h>

#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/leg.h"
#include "dataplane/path.h"
#include "dataplane/worker.h"

/*
 * A bucket that several workers take from; `due` is when it will be empty. It holds what comes in a
 * part of a second, or one packet.
 */
static bool pay(uint64_t *due, uint64_t now, uint64_t part, uint64_t cost)
{
	uint64_t was = __atomic_load_n(due, __ATOMIC_RELAXED), next;
	uint64_t least = now - RTE_MAX(part, cost);

	do {
		next = RTE_MAX(was, least) + cost;
		if (next > now)
			return false;
	} while (!__atomic_compare_exchange_n(due, &was, next, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return true;
}

static bool is_within_rate(const struct worker *w, struct capture *c, uint64_t now, uint32_t octets)
{
	uint64_t part = w->hz / CAPTURE_BURST;

	return pay(&c->due[0], now, part, c->packet_ticks) &&
	       pay(&c->due[1], now, part, octets * c->octet_ticks);
}

/* An empty copy; NULL: there is to be none. */
static struct captured *begin(struct worker *w, const struct tap *tap, uint64_t now,
			      enum captured_way way, uint32_t length)
{
	struct capture *c = tap->capture;
	struct captured *copy;
	void *object;

	if (now >= __atomic_load_n(&c->until, __ATOMIC_RELAXED))
		return NULL;
	if (!is_within_rate(w, c, now, RTE_MIN(length, (uint32_t)c->snap))) {
		__atomic_fetch_add(&c->over_rate, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	if (rte_mempool_get(c->pool, &object)) {
		__atomic_fetch_add(&c->lost, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	copy = object;
	copy->capture = c->id;
	copy->leg = tap->leg;
	copy->time = now;
	copy->way = way;
	copy->length = length;
	copy->opened = copy->sealed = copy->unsummed = false;
	return copy;
}

static void finish(struct worker *w, const struct tap *tap, struct captured *copy, const void *from,
		   uint32_t most)
{
	copy->size = RTE_MIN(copy->length, most);
	memcpy(copy->octets + CAPTURE_HEADERS, from, copy->size);
	rte_ring_mp_enqueue(tap->capture->ring, copy);
	w->counters[COUNTER_CAPTURED]++;
}

static void copy_frame(struct worker *w, const struct tap *tap, const struct rte_mbuf *m,
		       uint64_t now, enum captured_way way)
{
	struct captured *copy = begin(w, tap, now, way, rte_pktmbuf_data_len(m));

	if (!copy)
		return;
	if (way == CAPTURED_SENT) {
		copy->unsummed = m->ol_flags & RTE_MBUF_F_TX_UDP_CKSUM;
		copy->l3 = m->l2_len;
	}
	finish(w, tap, copy, rte_pktmbuf_mtod(m, const void *), tap->capture->snap);
}

static void copy_media(struct worker *w, const struct tap *tap, const struct burst *b,
		       unsigned int i, enum captured_way way, const struct endpoint *from,
		       const struct endpoint *to)
{
	uint64_t now = way == CAPTURED_SENT ? rte_rdtsc() : b->now;
	struct captured *copy = begin(w, tap, now, way, b->length[i]);
	uint16_t headers = address_is_ipv4(&from->address) ? 20 + 8 : 40 + 8;

	if (!copy)
		return;
	copy->opened = true;
	copy->sealed = b->flow[i]->verify;
	copy->from = *from;
	copy->to = *to;
	finish(w, tap, copy, burst_payload(b, i), tap->capture->snap - headers);
}

void capture_received(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++) {
		const struct leg *leg = b->leg[i];

		if (leg && leg->flow.captured && leg->config->tap &&
		    !leg->config->tap->capture->decrypted)
			copy_frame(w, leg->config->tap, b->mbuf[i], b->now, CAPTURED_RECEIVED);
	}
}

void capture_opened(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++) {
		const struct tap *tap;
		struct endpoint local;

		if (!burst_is_media(b, i) || !b->leg[i]->flow.captured)
			continue;
		tap = b->leg[i]->config->tap;
		if (!tap || !tap->capture->decrypted)
			continue;
		local = (struct endpoint){.address = w->dataplane->addresses[b->local[i]].address,
					  .port = b->local_port[i]};
		copy_media(w, tap, b, i, CAPTURED_RECEIVED, &b->source[i], &local);
	}
}

/* The tap of who is sent a packet of media; NULL: nobody captures it. */
static const struct tap *tap_of_path(const struct burst *b, unsigned int i)
{
	const struct path *path = b->leg[i]->flow.captured ? b->flow[i]->path : NULL;

	return path ? path->tap : NULL;
}

void capture_leaving(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++) {
		const struct tap *tap = burst_is_media(b, i) ? tap_of_path(b, i) : NULL;
		struct endpoint local;

		if (!tap || !tap->capture->decrypted)
			continue;
		local = egress_local(b->egress[i]);
		copy_media(w, tap, b, i, CAPTURED_SENT, &local, &b->egress[i]->remote);
	}
}

void capture_sent(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++) {
		const struct tap *tap;

		if (b->class[i] != CLASS_SEND || !b->leg[i])
			continue;
		/* What has no stream is an answer to a check of the leg's own participant. */
		tap = b->stream[i] ? tap_of_path(b, i) : b->leg[i]->config->tap;
		if (tap && !tap->capture->decrypted)
			copy_frame(w, tap, b->mbuf[i], rte_rdtsc(), CAPTURED_SENT);
	}
}

void capture_own(struct worker *w, const struct tap *tap, const struct rte_mbuf *m)
{
	if (!tap->capture->decrypted)
		copy_frame(w, tap, m, rte_rdtsc(), CAPTURED_SENT);
}
