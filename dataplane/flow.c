/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which leg a packet is for, by (media address, UDP port), and whether its sender may speak there.
 * A leg with ICE hears only addresses that passed a check; a leg with SRTP learns an address only
 * after a tag verified (unprotect.c); a plain RTP leg latches once inside its window.
 */
#include <assert.h>
#include <stddef.h>

#include <rte_prefetch.h>

#include "dataplane/burst.h"
#include "dataplane/capture.h"
#include "dataplane/dataplane.h"
#include "dataplane/leg.h"
#include "dataplane/move.h"
#include "dataplane/retire.h"
#include "dataplane/wire/rtp.h"
#include "dataplane/stages.h"
#include "dataplane/expect.h"
#include "dataplane/worker.h"

static_assert(offsetof(struct egress, header) + 14 + 4 + 20 + 8 <= RTE_CACHE_LINE_SIZE,
	      "one line is prefetched of an egress");

#define KEPT_SILENCE 2 /* a part of a second */
#define TOTAL_TRIES  8

/* False: the leg is this worker's. Else the packet goes where its leg is, or waits for it. */
static __rte_noinline bool hand_over(struct worker *w, struct burst *b, unsigned int i)
{
	const struct leg *leg = b->leg[i];
	unsigned int owner = leg_worker(leg);

	b->mbuf[i]->port = b->port[i]; /* not every driver writes it */
	if (w->hold_count && move_keeps(w, leg, b, i)) {
		b->leg[i] = NULL;
		return true;
	}
	if (owner == w->id)
		return false;
	b->leg[i] = NULL;
	b->mbuf[i]->hash.usr = w->id;
	if (rte_ring_mp_enqueue(w->dataplane->workers[owner]->handover, b->mbuf[i])) {
		burst_drop(b, i, DROP_HANDOVER_FULL);
		return true;
	}
	b->class[i] = CLASS_DONE;
	w->counters[COUNTER_HANDOVER]++;
	return true;
}

static bool is_validated(const struct leg *leg, const struct endpoint *source,
			 unsigned int component)
{
	for (unsigned int k = 0; k < leg->pair_count; k++)
		if (leg->pairs[k].component == component &&
		    endpoint_equal(&leg->pairs[k].remote, source))
			return true;
	return false;
}

/* Whether this packet might be what the leg waits for in its window. */
static __rte_noinline bool may_be_learnt(const struct worker *w, const struct burst *b,
					 unsigned int i, const struct leg *leg,
					 unsigned int component)
{
	const struct endpoint *source = &b->source[i];
	const struct leg_config *config = leg->config;

	if (leg->latched[component] || b->now >= config->latch_until)
		return false;
	if (config->latch_signalled &&
	    !address_equal(&source->address, &config->remote[component].address))
		return false;
	/* Who was heard until now is, while that goes on; a tag tells better. */
	if (leg->kept[component] && config->security == LEG_PLAIN &&
	    b->now - leg->flow.last_packet < w->hz / KEPT_SILENCE)
		return false;
	return b->now >= leg->former_until || !endpoint_equal(source, &leg->former[component]);
}

static inline void check_media_source(struct worker *w, struct burst *b, unsigned int i,
				      struct leg *leg, unsigned int component)
{
	const struct leg_config *config = leg->config;
	const struct endpoint *source = &b->source[i];

	if (unlikely(leg->wants) && leg->wanted[component] && config->security == LEG_PLAIN)
		leg_prefer(w, leg, component, source, false, b->now);
	if (likely(endpoint_equal(source, &leg->remote[component]))) {
		if (unlikely(!leg->latched[component]) && config->security == LEG_PLAIN &&
		    !leg->kept[component])
			leg_settle(leg, component);
		return;
	}
	if (config->ice) {
		if (!is_validated(leg, source, component))
			burst_drop(b, i, DROP_NOT_VALIDATED);
		return;
	}
	if (unlikely(!leg->latched[component]) && b->now >= config->latch_until)
		leg_settle(leg, component);
	if (!may_be_learnt(w, b, i, leg, component))
		return burst_drop(b, i, DROP_WRONG_SOURCE);
	/* SRTP in its window goes on: crypt learns the address when the tag is right. */
	if (config->security == LEG_PLAIN && !leg_learn(w, leg, component, source))
		burst_drop(b, i, DROP_WRONG_SOURCE);
}

/* Who may be heard may shake hands: the certificate decides, and then the tags of SRTP. */
static inline void check_dtls_source(const struct worker *w, struct burst *b, unsigned int i,
				     const struct leg *leg, unsigned int component)
{
	const struct endpoint *source = &b->source[i];

	if (leg->config->security != LEG_DTLS)
		return burst_drop(b, i, DROP_UNEXPECTED);
	if (leg->config->ice && !is_validated(leg, source, component))
		burst_drop(b, i, DROP_NOT_VALIDATED);
	if (!leg->config->ice && !endpoint_equal(source, &leg->remote[component]) &&
	    !may_be_learnt(w, b, i, leg, component))
		burst_drop(b, i, DROP_WRONG_SOURCE);
}

/* The leg that has the port. */
static inline void find_leg(struct worker *w, struct burst *b, unsigned int i)
{
	struct dataplane *d = w->dataplane;
	struct flow_entry entry =
		flow_entry_load(d, b->local[i], rte_be_to_cpu_16(b->local_port[i]));
	struct shed_port *port;
	struct leg *leg;

	if (entry.kind != FLOW_LEG)
		return burst_drop(b, i, DROP_CLOSED_PORT);
	leg = &d->legs[entry.leg];
	rte_prefetch0(leg);
	rte_prefetch0(&leg->flow);
	rte_prefetch0(&leg->flow.first);
	port = expect_port(d, b, i);
	if (port)
		rte_prefetch0(port->stream);
	b->leg[i] = leg;
	b->flow[i] = &leg->flow;
	b->component[i] = entry.component;
}

/* Where RTCP has a port of its own, what looks like it on the other one is RTP (RFC 5761 4). */
static inline bool check_kind(struct burst *b, unsigned int i, const struct leg *leg,
			      unsigned int component)
{
	bool rtcp = b->class[i] == CLASS_RTCP;

	if (likely(!rtcp && !component) || (rtcp && component) || (rtcp && leg->config->rtcp_mux))
		return true;
	if (component) {
		burst_drop(b, i, DROP_RTCP_HEADER);
		return false;
	}
	if (!rtp_header_fits(burst_payload(b, i), b->length[i])) {
		burst_drop(b, i, DROP_RTP_HEADER);
		return false;
	}
	b->class[i] = CLASS_RTP;
	return true;
}

static inline void check_source(struct worker *w, struct burst *b, unsigned int i)
{
	struct leg *leg = b->leg[i];
	unsigned int component = b->component[i];

	switch (b->class[i]) {
	case CLASS_RTP:
	case CLASS_RTCP:
		if (check_kind(b, i, leg, component))
			check_media_source(w, b, i, leg, component);
		return;
	case CLASS_DTLS:
		return check_dtls_source(w, b, i, leg, component);
	case CLASS_STUN:
		if (!leg->config->ice)
			burst_drop(b, i, DROP_UNEXPECTED);
		return;
	}
}

/* The leg's memory has come: on to what it points to. */
static inline void follow_leg(struct worker *w, struct burst *b, unsigned int i)
{
	const struct leg *leg = b->leg[i];
	const struct flow *flow = &leg->flow;

	if (unlikely(leg_worker(leg) != w->id || w->hold_count) && hand_over(w, b, i))
		return;
	/* The port opens a moment before the worker has the leg's first configuration. */
	if (unlikely(!leg->config)) {
		b->leg[i] = NULL;
		return burst_drop(b, i, DROP_CLOSED_PORT);
	}
	if (likely(flow->egress))
		rte_prefetch0(flow->egress);
	/* Two bits of one octet: one test. */
	if (unlikely(flow->forks || flow->captured)) {
		b->forks |= flow->forks;
		b->captures |= flow->captured;
		rte_prefetch0(leg->config);
	}
	if (flow->secure && likely(flow->receive))
		rte_prefetch0(flow->receive);
	if (flow->protects && likely(flow->send))
		rte_prefetch0(flow->send);
	if (flow->secure || flow->protects) {
		rte_prefetch0(&flow->first.windows);
		burst_prefetch_payload(b, i);
	}
}

/*
 * One step at a time for the whole burst, so that what a step reads, table, leg, flow, has been on
 * its way since the step before.
 */
void flow_stage(struct worker *w, struct burst *b)
{
	b->forks = b->captures = false;
	for (unsigned int i = 0; i < b->count; i++)
		if (b->class[i] <= CLASS_DTLS)
			find_leg(w, b, i);
	for (unsigned int i = 0; i < b->count; i++)
		if (b->class[i] <= CLASS_DTLS)
			follow_leg(w, b, i);
	for (unsigned int i = 0; i < b->count; i++)
		if (b->class[i] <= CLASS_DTLS)
			check_source(w, b, i);
	if (unlikely(b->captures))
		capture_received(w, b);
}

static struct flow_total add_streams(const struct flow *flow)
{
	struct retire_total retired = retire_total(flow);
	struct flow_total total = {retired.packets, retired.bytes};
	const struct stream *s = __atomic_load_n(&flow->streams, __ATOMIC_ACQUIRE);

	for (unsigned int k = 0; s && k < flow->stream_count; k++, s = s->next) {
		total.packets += s->meter.packets;
		total.bytes += s->meter.bytes;
	}
	return total;
}

/* An SSRC that makes room meanwhile is counted once, not in both places or in neither. */
struct flow_total flow_total(const struct flow *flow)
{
	struct flow_total total;
	uint32_t changes;

	for (unsigned int k = 0; k < TOTAL_TRIES; k++) {
		changes = retire_changes(flow);
		total = add_streams(flow);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(changes & 1) && changes == retire_changes(flow))
			break;
	}
	return total;
}
