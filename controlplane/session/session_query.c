/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs that ask, and delete, which answers like a question. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/session/push.h"
#include "controlplane/session/report.h"
#include "dataplane/lib/log.h"

#define PAGE_MOST 1000

/* --- query and delete ----------------------------------------------------------------------------
 */

struct asking {
	struct call *call;
	struct report *report;
	bool deleting;
	session_reply *reply;
	void *arg;
};

static void take(void *arg, const Tandem__Dataplane__V1__LegStatus *status)
{
	struct asking *a = arg;

	report_take(a->report, status);
}

static void finish(void *arg, int error, const char *what)
{
	struct asking *a = arg;

	/* A leg that the dataplane has no more is one without statistics, not a failure. */
	if (error && error != -ENOENT && error != -ENOTCONN)
		log_warn("call %s: %s", a->call->id, what);
	if (a->deleting) {
		Tandem__Relay__V1__DeleteReply reply = TANDEM__RELAY__V1__DELETE_REPLY__INIT;

		reply.call = report_call(a->report);
		a->reply(a->arg, &reply.base, NULL);
	} else {
		Tandem__Relay__V1__QueryReply reply = TANDEM__RELAY__V1__QUERY_REPLY__INIT;

		reply.call = report_call(a->report);
		a->reply(a->arg, &reply.base, NULL);
	}
	report_free(a->report);
	call_release(a->call);
	free(a);
}

static int ask(struct session *s, struct call *call, bool deleting, session_reply *reply, void *arg)
{
	struct asking *a = calloc(1, sizeof(*a));
	struct push *push = a ? push_begin(s, finish, take, a) : NULL;
	struct bridge *bridge;

	if (push)
		a->report = report_begin(call);
	if (!push || !a->report) {
		push_drop(push);
		free(a);
		return -ENOMEM;
	}
	a->call = call_hold(call);
	a->deleting = deleting;
	a->reply = reply;
	a->arg = arg;
	TAILQ_FOREACH (bridge, &call->bridges, entry) {
		for (enum side side = SIDE_A; side < SIDES; side++) {
			if (deleting)
				push_delete(push, bridge->legs[side]);
			else
				push_query(push, bridge->legs[side]);
		}
	}
	if (deleting)
		session_forget_call(s, call);
	push_end(push);
	return 0;
}

/* Before all calls are known, those that are may still lack half of their legs. */
static int check_synced(const struct session *s, struct session_error *error)
{
	if (s->synced)
		return 0;
	return session_refuse(error, SESSION_UNAVAILABLE,
			      "the dataplane has not told its calls yet; try again");
}

static struct call *find(struct session *s, const char *id, session_reply *reply, void *arg)
{
	struct session_error error;
	struct call *call;

	if (session_check_text("call_id", id, &error) || check_synced(s, &error)) {
		reply(arg, NULL, &error);
		return NULL;
	}
	call = session_find_call(s, id);
	if (!call)
		session_fail(reply, arg, SESSION_NOT_FOUND, "no call \"%s\"; see tandemctl calls",
			     id);
	return call;
}

void session_query(struct session *s, const Tandem__Relay__V1__QueryRequest *request,
		   session_reply *reply, void *arg)
{
	struct call *call = find(s, request->call_id, reply, arg);

	if (call && ask(s, call, false, reply, arg))
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
}

void session_delete(struct session *s, const Tandem__Relay__V1__DeleteRequest *request,
		    session_reply *reply, void *arg)
{
	struct call *call = find(s, request->call_id, reply, arg);
	struct session_error error;

	if (!call)
		return;
	if (session_check_ready(s, &error))
		reply(arg, NULL, &error);
	else if (ask(s, call, true, reply, arg))
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
}

/* --- list ----------------------------------------------------------------------------------------
 */

static unsigned int count_legs(const struct call *call)
{
	const struct bridge *bridge;
	unsigned int count = 0;

	TAILQ_FOREACH (bridge, &call->bridges, entry)
		count += SIDES;
	return count;
}

void session_list(struct session *s, const Tandem__Relay__V1__ListRequest *request,
		  session_reply *reply, void *arg)
{
	unsigned int size = request->page_size && request->page_size < PAGE_MOST
				    ? request->page_size
				    : PAGE_MOST;
	Tandem__Relay__V1__ListReply list = TANDEM__RELAY__V1__LIST_REPLY__INIT;
	Tandem__Relay__V1__CallSummary *calls = calloc(size, sizeof(*calls));
	Tandem__Relay__V1__CallSummary **pointers = calloc(size, sizeof(*pointers));
	const struct call *call = TAILQ_FIRST(&s->by_age);
	char *end, token[24] = "";
	uint64_t after = strtoull(request->page_token, &end, 10);
	struct session_error error;

	if (check_synced(s, &error)) {
		reply(arg, NULL, &error);
		goto out;
	}
	if (*end) {
		session_fail(reply, arg, SESSION_INVALID_ARGUMENT,
			     "page_token is none of ours; pass next_page_token, or nothing");
		goto out;
	}
	if (!calls || !pointers) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		goto out;
	}
	while (call && call->serial <= after)
		call = TAILQ_NEXT(call, entry);
	for (; call && list.n_calls < size; call = TAILQ_NEXT(call, entry)) {
		Tandem__Relay__V1__CallSummary *summary = &calls[list.n_calls];

		tandem__relay__v1__call_summary__init(summary);
		summary->call_id = call->id;
		summary->state = report_state(call);
		summary->age_ms = report_age_ms(call);
		summary->legs = count_legs(call);
		pointers[list.n_calls++] = summary;
		after = call->serial;
	}
	if (call)
		snprintf(token, sizeof(token), "%ju", (uintmax_t)after);
	list.calls = pointers;
	list.next_page_token = token;
	reply(arg, &list.base, NULL);
out:
	free(calls);
	free(pointers);
}
