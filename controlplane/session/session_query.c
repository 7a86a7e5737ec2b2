/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb query: one call, with what the dataplane says of it. */
#include "controlplane/session/inquiry.h"
#include "controlplane/session/push.h"
#include "controlplane/session/report.h"

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
	struct push *push = call ? inquiry_begin(call, NULL, answer_query, reply, arg) : NULL;
	struct party *party;
	struct leg *leg;

	if (!push)
		return;
	for_each_leg(leg, call) push_query(push, leg);
	push_end(push);
}
