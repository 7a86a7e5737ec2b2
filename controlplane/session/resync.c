/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/resync.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/session/exchange.h"
#include "controlplane/session/keying.h"
#include "controlplane/session/mend.h"
#include "controlplane/session/path.h"
#include "controlplane/session/push.h"
#include "controlplane/session/rebuild.h"
#include "controlplane/session/call_state.h"
#include "dataplane/lib/log.h"

#define API 3 /* of the dataplane: with readings of all streams */

static void forget_seen(struct session *s)
{
	struct party *party;
	struct call *call;
	struct leg *leg;

	TAILQ_FOREACH (call, &s->by_age, entry) {
		call->seen = call->stale = false;
		for_each_leg(leg, call) leg->seen = false;
	}
}

/* --- legs ------------------------------------------------------------------------------------ */

/*
 * A re-offer that is open repeats the SDES keys of the legs as they were. Should it be answered
 * now, they would come back by that way.
 */
static void close_exchanges(struct session *s)
{
	struct exchange *x, *next;
	struct party *party;
	struct call *call;
	struct leg *leg;
	bool lost;

	TAILQ_FOREACH (call, &s->by_age, entry) {
		lost = false;
		for_each_leg(leg, call) lost |= !leg->seen && leg->keyed;
		for (x = lost ? TAILQ_FIRST(&call->exchanges) : NULL; x; x = next) {
			next = TAILQ_NEXT(x, entry);
			if (!x->answered)
				log_warn("call %s: the keys in its re-offer are lost: offer again",
					 call->id);
			exchange_close(x);
		}
	}
}

/* Puts what the dataplane lacks of the leg's paths, and deletes what it has beyond them. */
static void compare_paths(struct push *push, const struct leg *leg,
			  const Tandem__Dataplane__V1__LegStatus *status)
{
	struct paths paths = paths_derive(leg->party->call);

	for (size_t i = 0; i < status->n_paths; i++) {
		const struct path *path = paths_find(&paths, leg->id, status->paths[i]->to);

		if (!path || path->branch != status->paths[i]->branch)
			push_delete_path(push, leg->id, status->paths[i]->to);
	}
	for (unsigned int i = 0; i < paths.count; i++) {
		const struct path *path = &paths.list[i];
		bool there = false;

		for (size_t k = 0; k < status->n_paths && path->from == leg->id; k++)
			there |= status->paths[k]->to == path->to &&
				 status->paths[k]->branch == path->branch;
		if (path->from == leg->id && !there)
			leg->party->call->stale = true;
	}
	paths_free(&paths);
}

/* What was on its way when the connection broke may have arrived, or not. */
static void refresh(struct session *s, struct leg *leg,
		    const Tandem__Dataplane__V1__LegStatus *status)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	struct call *call = leg->party->call;

	leg->seen = leg->pushed = true;
	leg->ice = status->ice;
	leg_hear(leg, status->remote);
	if (!s->synced)
		rebuild_leg(leg, status);
	leg->epoch_held = status->key_epoch;
	call->stale |= status->revision > call->revision;
	if (push)
		compare_paths(push, leg, status);
	if (leg->keyed && status->key_epoch < leg->epoch) {
		leg->keyed = false;
		leg->keys_lost = true;
		/* They were never used, so they may be pushed again. */
		if (push)
			keying_push_sdes(push, leg, &leg->terms);
	}
	if (push)
		push_end(push);
	keying_leg_up(leg);
	counts_settle(call);
}

static void take_leg(struct session *s, const Tandem__Dataplane__V1__LegStatus *status)
{
	struct leg *leg = session_find_leg(s, status->leg);

	if (leg) {
		refresh(s, leg, status);
		return;
	}
	log_warn("leg %016jx of the dataplane belongs to no call; deleted", (uintmax_t)status->leg);
	mend_unknown(s, status->leg);
}

static void ask_legs(struct session *s, uint64_t after);

static void on_legs(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct session *s = arg;

	if (error) {
		if (reply)
			log_error("dataplane: its legs cannot be read: %s", reply->what);
		return;
	}
	for (size_t i = 0; i < reply->n_legs; i++)
		take_leg(s, reply->legs[i]);
	if (reply->next) {
		ask_legs(s, reply->next);
		return;
	}
	if (!s->synced)
		rebuild_finish(s);
	close_exchanges(s);
	mend_missing(s);
	mend_stale(s);
	s->synced = true;
	session_set_ready(s, true);
}

static void ask_legs(struct session *s, uint64_t after)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetLegs get = TANDEM__DATAPLANE__V1__GET_LEGS__INIT;

	get.after = after;
	message.get_legs = &get;
	client_request(s->client, &message, on_legs, s);
}

/* --- calls ----------------------------------------------------------------------------------- */

static void take_call(struct session *s, const Tandem__Dataplane__V1__Call *state)
{
	struct call *call = s->synced ? session_find_key(s, state->call) : NULL;
	enum session_recorded recorded =
		s->recorder ? s->recorder->find(s->recorder->arg, state->call) : RECORD_UNKNOWN;

	if (recorded == RECORD_WAITS)
		return; /* it has ended, and goes once its record is kept */
	if (recorded == RECORD_KEPT) {
		mend_unknown_call(s, state->call);
	} else if (call) {
		call->seen = true;
		call->stale = !call_state_is_current(call, state->blob.data, state->blob.len);
	} else if (s->synced || rebuild_call(s, state->call, state->blob.data, state->blob.len)) {
		log_warn("a call of the dataplane is not ours, or cannot be read; deleted");
		mend_unknown_call(s, state->call);
	}
}

static void ask_calls(struct session *s, uint64_t after);

static void on_calls(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct session *s = arg;

	if (error) {
		if (reply)
			log_error("dataplane: its calls cannot be read: %s", reply->what);
		return;
	}
	for (size_t i = 0; i < reply->n_calls; i++)
		take_call(s, reply->calls[i]);
	if (reply->next) {
		ask_calls(s, reply->next);
		return;
	}
	if (!s->synced)
		session_sort_calls(s);
	ask_legs(s, 0);
}

static void ask_calls(struct session *s, uint64_t after)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetCalls get = TANDEM__DATAPLANE__V1__GET_CALLS__INIT;

	get.after = after;
	message.get_calls = &get;
	client_request(s->client, &message, on_calls, s);
}

void resync_up(void *arg, const Tandem__Dataplane__V1__Hello *hello)
{
	struct session *s = arg;
	struct session_link *link;
	int error = networks_update(&s->networks, hello);

	s->counts.connections++;
	LIST_FOREACH (link, &s->links, entry)
		link->connected(link->arg);
	if (error)
		log_error("dataplane: its networks make no sense: %s", strerror(-error));
	if (s->synced && s->generation != hello->generation) {
		log_warn("the dataplane restarted");
		s->counts.restarts++;
	}
	s->generation = hello->generation;
	s->workers = hello->workers;
	s->legs_max = hello->legs_max;
	snprintf(s->dataplane_version, sizeof(s->dataplane_version), "%s", hello->version);
	snprintf(s->crypto_engine, sizeof(s->crypto_engine), "%s", hello->crypto_engine);
	if (hello->api != API) {
		log_error("dataplane: version %s speaks another API than this control plane; its "
			  "calls go on, and end with it: install the same version of both, and "
			  "restart tandem-dataplane",
			  hello->version);
		return;
	}
	forget_seen(s);
	audit_reset(s);
	history_begin(s);
	ask_calls(s, 0);
}

void resync_down(void *arg)
{
	struct session *s = arg;
	struct call *call;

	session_set_ready(s, false);
	/* What was told in part will be told anew. */
	while (!s->synced && (call = TAILQ_FIRST(&s->by_age)))
		session_forget_call(s, call);
}
