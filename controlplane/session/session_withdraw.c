/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb withdraw: an offer that will have no answer. */
#include <errno.h>
#include <string.h>

#include "controlplane/session/exchange.h"
#include "controlplane/session/queue.h"

static int check_request(struct session *s, const Tandem__Relay__V1__WithdrawRequest *request,
			 struct session_error *error)
{
	if (session_check_text("call_id", request->call_id, error) ||
	    session_check_text("from_tag", request->from_tag, error) ||
	    session_check_name("to_tag", request->to_tag, error) ||
	    session_check_name("branch", request->branch, error))
		return -EINVAL;
	return session_check_ready(s, error);
}

static bool is_meant(const struct exchange *x, const Tandem__Relay__V1__WithdrawRequest *request)
{
	const struct party *from = x->from.party, *to = x->to.party;

	if (x->answered || !from || strcmp(from->tag, request->from_tag) != 0)
		return false;
	if (request->to_tag[0] && (!to->tag || strcmp(to->tag, request->to_tag) != 0))
		return false;
	return !request->branch[0] || strcmp(to->branch, request->branch) == 0;
}

static unsigned int withdraw(struct call *call, const Tandem__Relay__V1__WithdrawRequest *request)
{
	struct exchange *x = TAILQ_FIRST(&call->exchanges);
	unsigned int count = 0;

	while (x) {
		struct exchange *next = TAILQ_NEXT(x, entry);

		if (is_meant(x, request)) {
			exchange_withdraw(x, "it was withdrawn");
			count++;
		}
		x = next;
	}
	return count;
}

static void again(struct session *s, const ProtobufCMessage *request, session_reply *reply,
		  void *arg)
{
	session_withdraw(s, (const Tandem__Relay__V1__WithdrawRequest *)request, reply, arg);
}

void session_withdraw(struct session *s, const Tandem__Relay__V1__WithdrawRequest *request,
		      session_reply *reply, void *arg)
{
	Tandem__Relay__V1__WithdrawReply done = TANDEM__RELAY__V1__WITHDRAW_REPLY__INIT;
	struct call *call = session_find_call(s, request->call_id);
	struct session_error error;
	unsigned int count;

	if (queue_wait(call, again, &request->base, reply, arg))
		return;
	if (check_request(s, request, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	if (!call) {
		session_fail(reply, arg, SESSION_NOT_FOUND, "no call \"%s\"; see tandemctl calls",
			     request->call_id);
		return;
	}
	call_hold(call);
	count = withdraw(call, request);
	call_release(call);
	if (count)
		reply(arg, &done.base, NULL);
	else
		session_fail(reply, arg, SESSION_FAILED_PRECONDITION,
			     "no such offer waits for its answer");
}
