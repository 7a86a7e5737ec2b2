/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs that ask about calls. */
#include <stdio.h>
#include <stdlib.h>

#include "controlplane/session/asking.h"
#include "controlplane/session/push.h"
#include "controlplane/session/report.h"

#define PAGE_MOST 1000

/* --- one call ------------------------------------------------------------------------------------
 */

static void told(const struct asking *a, Tandem__Relay__V1__Call *call)
{
	Tandem__Relay__V1__QueryReply reply = TANDEM__RELAY__V1__QUERY_REPLY__INIT;

	reply.call = call;
	a->reply(a->arg, &reply.base, NULL);
}

void session_query(struct session *s, const Tandem__Relay__V1__QueryRequest *request,
		   session_reply *reply, void *arg)
{
	struct call *call = asking_find(s, request->call_id, reply, arg);
	struct push *push = call ? asking_begin(call, NULL, false, told, reply, arg) : NULL;
	struct party *party;
	struct leg *leg;

	if (!push)
		return;
	for_each_leg(leg, call) push_query(push, leg);
	push_end(push);
}

/* --- list ----------------------------------------------------------------------------------------
 */

static unsigned int count_legs(const struct call *call)
{
	const struct party *party;
	const struct leg *leg;
	unsigned int count = 0;

	for_each_leg(leg, call) count++;
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

	if (asking_check_synced(s, &error)) {
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
