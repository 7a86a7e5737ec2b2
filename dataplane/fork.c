/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where one packet takes several ways: a copy for each branch of its leg, since what is protected
 * is protected in place. Copies fill a burst of their own, which goes the rest of the way from
 * here. A burst of flows without branches pays one look at a bit.
 *
 * One step at a time for all copies, so that what a step reads, paths, flow, egress, has been on
 * its way since the step before.
 */
#include <string.h>

#include <rte_prefetch.h>

#include "dataplane/branch.h"
#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/leg.h"
#include "dataplane/wire/rtp.h"
#include "dataplane/stages.h"
#include "dataplane/stream.h"
#include "dataplane/worker.h"

/* Copies that are to be made: the worker's second burst, and which packet each is of. */
struct copies {
	struct burst *to;
	const struct burst *from;
	uint8_t slot[BURST_MAX];
};

/* A copy that cannot be made counts on its branch, and hurts no other way. */
static void lose(struct worker *w, struct flow *flow, enum drop reason)
{
	w->drops[reason]++;
	flow->unsent++;
	flow->other_drops++;
	flow->last_drop = reason;
	container_of(flow, struct branch, flow)->lost++;
}

/* The payload alone: each branch has headers of its own. */
static struct rte_mbuf *copy_payload(struct worker *w, const struct burst *b, unsigned int i)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->dataplane->mbufs);
	char *to;

	if (unlikely(!m))
		return NULL;
	to = rte_pktmbuf_append(m, b->length[i]);
	if (unlikely(!to)) {
		rte_pktmbuf_free_bulk(&m, 1);
		return NULL;
	}
	memcpy(to, burst_payload(b, i), b->length[i]);
	return m;
}

/* The branch's state of the packet's SSRC; it is counted there. */
static enum drop find_stream(struct worker *w, struct flow *flow, const struct stream *from,
			     bool rtcp, uint64_t now, struct stream **out)
{
	enum drop reason = DROP_NONE;

	*out = flow_stream(flow, from->ssrc);
	if (unlikely(!*out))
		reason = stream_add(w, flow, from->ssrc, now, out);
	if (unlikely(reason != DROP_NONE))
		return reason;
	stream_hear(*out, now);
	/* What the numbers of what is sent are reckoned from. */
	(*out)->meter.highest = from->meter.highest;
	if (likely(!rtcp))
		(*out)->meter.packets++;
	else
		flow->rtcp_packets++;
	return DROP_NONE;
}

/* What the rest of the way needs of a copy, in place `at`; false: there is none. */
static bool make_copy(struct worker *w, const struct copies *copies, unsigned int k,
		      unsigned int at)
{
	const struct burst *b = copies->from;
	struct burst *c = copies->to;
	unsigned int i = copies->slot[k];
	struct flow *flow = c->flow[k];
	bool rtcp = c->class[k] == CLASS_RTCP;
	enum drop reason;

	c->mbuf[at] = copy_payload(w, b, i);
	if (unlikely(!c->mbuf[at])) {
		lose(w, flow, DROP_NO_COPY);
		return false;
	}
	reason = find_stream(w, flow, b->stream[i], rtcp, b->now, &c->stream[at]);
	if (unlikely(reason != DROP_NONE)) {
		rte_pktmbuf_free(c->mbuf[at]);
		lose(w, flow, reason);
		return false;
	}
	c->class[at] = c->class[k];
	c->leg[at] = c->leg[k];
	c->flow[at] = flow;
	c->payload[at] = 0;
	c->length[at] = b->length[i];
	return true;
}

static void send_copies(struct worker *w, struct copies *copies)
{
	struct burst *c = copies->to;
	unsigned int made = 0;

	for (unsigned int k = 0; k < c->count; k++) {
		const struct flow *flow = c->flow[k];

		if (likely(flow->egress))
			rte_prefetch0(flow->egress);
		if (flow->protects && likely(flow->send))
			rte_prefetch0(flow->send);
	}
	for (unsigned int k = 0; k < c->count; k++)
		made += make_copy(w, copies, k, made);
	c->count = made;
	c->now = copies->from->now;
	c->captures = copies->from->captures;
	route_stage(w, c);
	crypt_protect_stage(w, c);
	rewrite_stage(w, c);
	tx_stage(w, c);
	drop_stage(w, c);
	c->count = 0;
}

static void take_branch(struct worker *w, struct copies *copies, unsigned int i,
			struct branch *branch)
{
	struct burst *c = copies->to;
	unsigned int k = c->count++;

	rte_prefetch0(&branch->flow);
	rte_prefetch0(&branch->flow.first);
	rte_prefetch0(&branch->flow.first.receive_highest);
	copies->slot[k] = i;
	c->class[k] = copies->from->class[i];
	c->leg[k] = copies->from->leg[i];
	c->flow[k] = &branch->flow;
	if (c->count == BURST_MAX)
		send_copies(w, copies);
}

/* The packet itself goes on if the leg's own path takes it. */
static void fork_packet(struct worker *w, struct burst *b, unsigned int i, struct copies *copies)
{
	const struct leg_config *config = b->leg[i]->config;
	bool rtcp = b->class[i] == CLASS_RTCP, taken = false;
	uint8_t type = rtcp ? 0 : rtp_payload_type(burst_payload(b, i));

	for (unsigned int k = 0; k < config->branch_count; k++) {
		if (!rtcp && !path_takes(&config->branches[k], type))
			continue;
		take_branch(w, copies, i, config->branches[k].branch);
		taken = true;
	}
	if (config->has_own && (rtcp || path_takes(&config->own, type)))
		return;
	if (!taken)
		return burst_drop(b, i, DROP_NO_PATH);
	b->leg[i]->elsewhere++;
	burst_finish(b, i);
}

void fork_stage(struct worker *w, struct burst *b)
{
	struct copies copies = {.to = w->copies, .from = b};
	uint64_t slots = 0;

	if (likely(!b->forks))
		return;
	for (unsigned int i = 0; i < b->count; i++) {
		if (!burst_is_media(b, i) || !b->leg[i]->flow.forks)
			continue;
		slots |= 1ULL << i;
		rte_prefetch0(b->leg[i]->config->branches);
	}
	for (; slots; slots &= slots - 1)
		fork_packet(w, b, __builtin_ctzll(slots), &copies);
	if (copies.to->count)
		send_copies(w, &copies);
}
