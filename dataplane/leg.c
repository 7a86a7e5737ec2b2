/* SPDX-License-Identifier: BSD-3-Clause */
/* How a worker takes over what the main lcore decided about a leg, and what the leg learns. */
#include "dataplane/leg.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/branch.h"
#include "dataplane/srtp/number.h"
#include "dataplane/takeover.h"
#include "dataplane/stream.h"
#include "dataplane/expect.h"
#include "dataplane/worker.h"

/* flow.c prefetches these, and the stream behind them. */
static_assert(offsetof(struct leg, flow) == RTE_CACHE_LINE_SIZE,
	      "what a packet reads of its leg is one cache line");
static_assert(offsetof(struct flow, first) == RTE_CACHE_LINE_SIZE,
	      "what a packet touches of its flow is one cache line");

static_assert(sizeof(struct leg) / RTE_CACHE_LINE_SIZE % 2 == 1,
	      "the same line of many legs is spread over all sets of a cache");

/* Packets that are still on their way from the old address must not win the leg back. */
#define FORMER_SECONDS 2

/*
 * The address in the SDP changed, or ICE came or went, and with it all that was learnt. Without ICE
 * media goes to that address, and the leg may latch anew.
 */
static void forget_remote(struct worker *w, struct leg *leg, const struct leg_config *config,
			  uint64_t now)
{
	leg->pair_count = 0;
	memset(leg->wanted, 0, sizeof(leg->wanted));
	leg->wants = false;
	leg->former_until = now + FORMER_SECONDS * w->hz;
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++) {
		leg->former[c] = leg->remote[c];
		leg->remote[c] = config->ice ? (struct endpoint){.port = 0} : config->remote[c];
		leg->latched[c] = leg->kept[c] = false;
	}
}

/* RTCP comes to another port from now on: where it came from is found anew. */
static void forget_rtcp(struct leg *leg, const struct leg_config *config)
{
	leg->former[1] = (struct endpoint){.port = 0};
	leg->remote[1] = config->ice ? (struct endpoint){.port = 0} : config->remote[1];
	leg->latched[1] = leg->kept[1] = false;
	leg_want(leg, 1, 0);
}

/* Another address may be learnt, while the one that is heard keeps the leg. */
static void open_window(struct leg *leg)
{
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++) {
		leg->kept[c] |= leg->latched[c];
		leg->latched[c] = false;
	}
}

/* What packets need of a path. RTP that may not go on finds no egress. */
static void configure_path(struct flow *flow, const struct path *path)
{
	bool protects = path && path->protects, verify = path && path->verify;

	bool same = path && path->lineage == flow->send_lineage;

	if (path && path->send && !same)
		stream_new_send_key(flow, false);
	else if (path && path->send && flow->send && flow->send != path->send)
		stream_new_send_key(flow, true);
	if (path && path->send)
		flow->send_lineage = path->lineage;
	if (flow_protects(flow) && (!protects || verify))
		number_forget(flow);
	flow->path = path;
	flow->egress = path && path->mute == DROP_NONE ? path->egress[0] : NULL;
	flow->send = path ? path->send : NULL;
	flow->protects = protects;
	flow->verify = verify;
	flow->silenced = path && path->silence;
}

/* It, or one that hears it. */
static bool is_captured(const struct leg_config *config)
{
	bool captured = config->tap || config->own.tap;

	for (unsigned int k = 0; k < config->branch_count; k++)
		captured |= config->branches[k].tap != NULL;
	return captured;
}

static void configure_flow(struct flow *flow, const struct leg_config *config)
{
	configure_path(flow, config->has_own ? &config->own : NULL);
	flow->receive = config->receive;
	flow->receive_previous = config->receive_previous;
	flow->secure = config->security != LEG_PLAIN;
	flow->forks = config->branch_count || (config->has_own && config->own.some);
	flow->captured = is_captured(config);
}

static bool has_branch(const struct leg_config *config, const struct branch *branch)
{
	for (unsigned int k = 0; k < config->branch_count; k++)
		if (config->branches[k].branch == branch)
			return true;
	return false;
}

static void end_branch(struct worker *w, struct branch *branch)
{
	stream_release_all(w, &branch->flow);
	memset(&branch->flow, 0, sizeof(branch->flow));
}

/* `old` may be NULL, and so may `config`: of a leg that goes. */
static void change_branches(struct worker *w, const struct leg_config *old,
			    const struct leg_config *config)
{
	for (unsigned int k = 0; old && k < old->branch_count; k++)
		if (!config || !has_branch(config, old->branches[k].branch))
			end_branch(w, old->branches[k].branch);
	for (unsigned int k = 0; config && k < config->branch_count; k++) {
		struct branch *branch = config->branches[k].branch;
		struct flow *flow = &branch->flow;

		flow->first.windows = &branch->windows;
		configure_path(flow, &config->branches[k]);
		flow->secure = config->security != LEG_PLAIN;
	}
}

void leg_let_go(struct leg *leg, struct branch *branch, struct sent *out)
{
	takeover_let_go(branch ? &branch->flow : &leg->flow, out);
}

struct leg_config *leg_clear(struct worker *w, struct leg *leg)
{
	struct leg_config *old = leg->config;

	expect_nothing(leg);
	change_branches(w, old, NULL);
	stream_release_all(w, &leg->flow);
	leg->config = NULL;
	memset(leg->remote, 0, sizeof(leg->remote));
	memset(leg->former, 0, sizeof(leg->former));
	memset(leg->latched, 0, sizeof(leg->latched));
	memset(leg->kept, 0, sizeof(leg->kept));
	memset(leg->wanted, 0, sizeof(leg->wanted));
	leg->wants = false;
	leg->pair_count = 0;
	leg->nominated_epoch = 0;
	leg->receive_serial = leg->elsewhere = leg->moved = 0;
	memset(leg->learnt, 0, sizeof(leg->learnt));
	memset(&leg->flow, 0, sizeof(leg->flow));
	return old;
}

void leg_settle(struct leg *leg, unsigned int component)
{
	leg->latched[component] = true;
	leg->kept[component] = false;
	expect_peers(leg, component);
}

bool leg_learn(struct worker *w, struct leg *leg, unsigned int component,
	       const struct endpoint *remote)
{
	if (!worker_notify(w, (struct notice){.kind = NOTICE_REMOTE,
					      .component = component,
					      .leg = leg,
					      .remote = *remote,
					      .remote_epoch = leg->config->remote_epoch,
					      .learnt = leg->learnt[component] + 1}))
		return false;
	leg->learnt[component]++;
	leg->remote[component] = *remote;
	leg_want(leg, component, 0);
	leg_settle(leg, component);
	return true;
}

void leg_prefer(struct worker *w, struct leg *leg, unsigned int component,
		const struct endpoint *source, bool authentic, uint64_t now)
{
	const struct leg_pair *wanted = &leg->pairs[leg->wanted[component] - 1];

	if (endpoint_equal(source, &leg->remote[component]))
		leg->heard = now;
	else if (endpoint_equal(source, &wanted->remote) &&
		 (authentic || now - leg->heard >= w->hz))
		leg_learn(w, leg, component, source);
}

/* Whose media is awaited elsewhere has been silent where it was: it is sent to there. */
static void follow_nomination(struct worker *w, struct leg *leg, uint64_t now)
{
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++)
		if (leg_gives_way(leg, c, now, w->hz))
			leg_learn(w, leg, c, &leg->pairs[leg->wanted[c] - 1].remote);
}

struct leg_config *leg_apply(struct worker *w, struct leg *leg, struct leg_config *config,
			     uint64_t now)
{
	struct leg_config *old = leg->config;

	if (config->receive && config->receive->serial != leg->receive_serial) {
		leg->receive_serial = config->receive->serial;
		stream_new_receive_epoch(&leg->flow, config->receive->epoch);
		expect_new_key(leg, config->shed[0]);
	}
	if (!old || old->remote_epoch != config->remote_epoch)
		forget_remote(w, leg, config, now);
	else if (old->latch_epoch != config->latch_epoch)
		open_window(leg);
	if (old && old->rtcp_mux != config->rtcp_mux)
		forget_rtcp(leg, config);
	leg->flow.first.windows = config->windows;
	leg->pairs = config->pairs;
	configure_flow(&leg->flow, config);
	change_branches(w, old, config);
	leg->config = config;
	expect_apply(leg, old);
	follow_nomination(w, leg, now);
	return old;
}
