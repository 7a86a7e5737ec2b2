/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs that ask about calls. */
#include <stdlib.h>

#include "controlplane/lib/arena.h"
#include "controlplane/session/inquiry.h"
#include "controlplane/session/push.h"
#include "controlplane/session/report.h"

#define PAGE_MOST 1000

/* --- one call -------------------------------------------------------------------------------- */

static void answer_query(const struct inquiry *a, Tandem__Relay__V1__Call *call)
{
	Tandem__Relay__V1__QueryReply reply = TANDEM__RELAY__V1__QUERY_REPLY__INIT;

	reply.call = call;
	a->reply(a->arg, &reply.base, NULL);
}

void session_query(struct session *s, const Tandem__Relay__V1__QueryRequest *request,
		   session_reply *reply, void *arg)
{
	struct call *call = inquiry_find(s, request->call_id, reply, arg);
	struct push *push =
		call ? inquiry_begin(call, NULL, false, answer_query, reply, arg) : NULL;
	struct party *party;
	struct leg *leg;

	if (!push)
		return;
	for_each_leg(leg, call) push_query(push, leg);
	push_end(push);
}

/* --- list ------------------------------------------------------------------------------------ */

static unsigned int count_legs(const struct call *call)
{
	const struct party *party;
	const struct leg *leg;
	unsigned int count = 0;

	for_each_leg(leg, call) count++;
	return count;
}

static void add_summary(Tandem__Relay__V1__ListReply *list, struct arena *arena,
			const struct call *call)
{
	Tandem__Relay__V1__CallSummary *summary = arena_add(
		arena, &list->calls, &list->n_calls, &tandem__relay__v1__call_summary__descriptor);

	if (!summary)
		return;
	summary->call_id = call->id;
	summary->state = report_state(call);
	summary->age_ms = report_age_ms(call);
	summary->legs = count_legs(call);
	summary->driver = (char *)call->driver;
}

/* Adds a page of the calls that are younger than the one of the serial `after`. */
static void add_page(Tandem__Relay__V1__ListReply *list, struct arena *arena,
		     const struct session *s, uint64_t after, unsigned int size)
{
	const struct call *call = TAILQ_FIRST(&s->by_age);

	while (call && call->serial <= after)
		call = TAILQ_NEXT(call, entry);
	for (; call && list->n_calls < size && !arena->failed; call = TAILQ_NEXT(call, entry)) {
		add_summary(list, arena, call);
		after = call->serial;
	}
	if (call)
		list->next_page_token = arena_printf(arena, "%ju", (uintmax_t)after);
}

void session_list(struct session *s, const Tandem__Relay__V1__ListRequest *request,
		  session_reply *reply, void *arg)
{
	unsigned int size = request->page_size && request->page_size < PAGE_MOST
				    ? request->page_size
				    : PAGE_MOST;
	Tandem__Relay__V1__ListReply list = TANDEM__RELAY__V1__LIST_REPLY__INIT;
	struct arena arena = {NULL};
	struct session_error error;
	uint64_t after;
	char *end;

	if (inquiry_check_synced(s, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	after = strtoull(request->page_token, &end, 10);
	if (*end) {
		session_fail(reply, arg, SESSION_INVALID_ARGUMENT,
			     "page_token is none of ours; pass next_page_token, or nothing");
		return;
	}
	add_page(&list, &arena, s, after, size);
	if (arena.failed)
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
	else
		reply(arg, &list.base, NULL);
	arena_clear(&arena);
}
