/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs delete and unsubscribe: a call ends, or a party leaves it. */
#include <errno.h>
#include <string.h>

#include "controlplane/lib/wall_clock.h"
#include "controlplane/session/inquiry.h"
#include "controlplane/session/exchange.h"
#include "controlplane/session/leaving.h"
#include "controlplane/session/path.h"
#include "controlplane/session/push.h"
#include "controlplane/session/queue.h"

static void answer_delete(const struct inquiry *a, Tandem__Relay__V1__Call *call)
{
	Tandem__Relay__V1__DeleteReply reply = TANDEM__RELAY__V1__DELETE_REPLY__INIT;

	reply.call = call;
	a->reply(a->arg, &reply.base, NULL);
}

/* --- after a time ---------------------------------------------------------------------------- */

/* Until then nothing changes: it can be answered, and media flows. */
static void delete_later(struct call *call, uint32_t delay_ms, session_reply *reply, void *arg)
{
	struct push *push = inquiry_begin(call, NULL, answer_delete, reply, arg);
	struct party *party;
	struct leg *leg;

	if (!push)
		return;
	session_end_at(call, wall_clock_ms() + delay_ms);
	for_each_leg(leg, call) push_query(push, leg);
	push_call(push, call);
	push_end(push);
}

/* --- one party ------------------------------------------------------------------------------- */

/* The offers from it and to it are over, and what is left of them goes with it. */
static void end_exchanges(const struct party *party)
{
	struct call *call = party->call;
	struct exchange *x = TAILQ_FIRST(&call->exchanges);

	while (x) {
		struct exchange *next = TAILQ_NEXT(x, entry);

		if (x->from.party == party || x->to.party == party)
			exchange_free(x);
		x = next;
	}
}

static void remove_party(struct party *party, struct push *push)
{
	struct call *call = party->call;
	struct paths before = paths_derive(call), now;
	struct leg *leg;

	/* The statistics of paths that end with it are asked for before that. */
	TAILQ_FOREACH (leg, &party->legs, entry)
		push_delete(push, leg);
	watch_party(WATCH(PARTY_LEFT), party, "");
	leaving_party(party);
	end_exchanges(party);
	party_free(party);
	call->revision++;
	exchange_sweep(call, push);
	now = paths_derive(call);
	paths_push(push, &before, &now);
	paths_free(&before);
	paths_free(&now);
	push_call(push, call);
}

static bool has_talkers(const struct call *call)
{
	const struct party *party;

	TAILQ_FOREACH (party, &call->parties, entry)
		if (!party->listens)
			return true;
	return false;
}

static void delete_party(struct session *s, struct party *party, inquiry_reply *answer,
			 session_reply *reply, void *arg)
{
	struct call *call = party->call;
	struct push *push = inquiry_begin(call, party, answer, reply, arg);

	if (!push)
		return;
	call_hold(call);
	remove_party(party, push);
	if (!has_talkers(call))
		session_drop_call(s, call, CALL_END(ALONE), "nobody who talks is left in it");
	push_end(push);
	call_release(call);
}

/* Somebody's, or perhaps that of who has not answered yet. */
static bool knows(const struct call *call, const char *tag)
{
	const struct party *party;

	TAILQ_FOREACH (party, &call->parties, entry)
		if (!party->tag || strcmp(party->tag, tag) == 0)
			return true;
	return false;
}

static bool is_of(const struct call *call, const Tandem__Relay__V1__DeleteRequest *request)
{
	for (size_t i = 0; i < request->n_of; i++)
		if (!knows(call, request->of[i]))
			return false;
	return true;
}

/* --- the verbs ------------------------------------------------------------------------------- */

static void again(struct session *s, const ProtobufCMessage *request, session_reply *reply,
		  void *arg)
{
	session_delete(s, (const Tandem__Relay__V1__DeleteRequest *)request, reply, arg);
}

void session_delete(struct session *s, const Tandem__Relay__V1__DeleteRequest *request,
		    session_reply *reply, void *arg)
{
	struct call *call = inquiry_find(s, request->call_id, reply, arg);
	bool whole = !request->tag[0] && !request->branch[0];
	struct session_error error;
	struct party *party = NULL;

	if (!call ||
	    ((!whole || request->delay_ms) && queue_wait(call, again, &request->base, reply, arg)))
		return;
	if (session_check_ready(s, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	if (request->tag[0])
		party = call_party(call, request->tag);
	if (!party && request->branch[0])
		party = call_party_on(call, request->branch);
	if (!is_of(call, request))
		session_fail(reply, arg, SESSION_NOT_FOUND,
			     "the call has no such tag; see tandemctl call");
	else if (whole && request->delay_ms)
		delete_later(call, request->delay_ms, reply, arg);
	else if (whole) /* at once, whatever request is being served: it will find the call gone */
		session_end_call(s, call, CALL_END(DELETED), "it was deleted", reply, arg);
	else if (party)
		delete_party(s, party, answer_delete, reply, arg);
	else
		session_fail(reply, arg, SESSION_NOT_FOUND,
			     "the call has no such party; see tandemctl call");
}

static void answer_unsubscribe(const struct inquiry *a, Tandem__Relay__V1__Call *call)
{
	Tandem__Relay__V1__UnsubscribeReply reply = TANDEM__RELAY__V1__UNSUBSCRIBE_REPLY__INIT;

	reply.call = call;
	a->reply(a->arg, &reply.base, NULL);
}

static void unsubscribe_again(struct session *s, const ProtobufCMessage *request,
			      session_reply *reply, void *arg)
{
	session_unsubscribe(s, (const Tandem__Relay__V1__UnsubscribeRequest *)request, reply, arg);
}

void session_unsubscribe(struct session *s, const Tandem__Relay__V1__UnsubscribeRequest *request,
			 session_reply *reply, void *arg)
{
	struct call *call = inquiry_find(s, request->call_id, reply, arg);
	struct session_error error;
	struct party *party;

	if (!call || queue_wait(call, unsubscribe_again, &request->base, reply, arg))
		return;
	party = call_party(call, request->tag);
	if (session_check_ready(s, &error))
		reply(arg, NULL, &error);
	else if (party && party->listens)
		delete_party(s, party, answer_unsubscribe, reply, arg);
	else
		session_fail(reply, arg, SESSION_NOT_FOUND,
			     "the call has no listener \"%s\"; see tandemctl call", request->tag);
}
