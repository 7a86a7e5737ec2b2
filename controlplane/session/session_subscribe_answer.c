/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verb subscribe-answer: what the relay itself has offered, to who listens or to a party that
 * was created, comes into force.
 */
#include <errno.h>
#include <stdlib.h>

#include "controlplane/session/exchange_sdp.h"
#include "controlplane/session/media.h"
#include "controlplane/session/plan.h"
#include "controlplane/session/push.h"
#include "controlplane/session/queue.h"
#include "controlplane/session/solo.h"

/* A request that waits for the dataplane. */
struct answering {
	struct call *call;
	session_reply *reply;
	void *arg;
};

static void end(struct answering *a)
{
	queue_end(a->call);
	free(a);
}

static void answered(void *arg, int error, const char *what)
{
	Tandem__Relay__V1__SubscribeAnswerReply reply =
		TANDEM__RELAY__V1__SUBSCRIBE_ANSWER_REPLY__INIT;
	struct answering *a = arg;

	if (a->call->gone)
		session_fail(a->reply, a->arg, SESSION_NOT_FOUND, "the call was deleted meanwhile");
	else if (error)
		session_fail(a->reply, a->arg, push_status_code(error),
			     "the dataplane refused: %s; delete the party, and begin anew", what);
	else
		a->reply(a->arg, &reply.base, NULL);
	end(a);
}

/* The relay's own offer to this party; NULL if there is none. */
static struct exchange *find_own(const struct call *call, const char *tag)
{
	const struct party *party = call_party(call, tag);
	struct exchange *x;

	TAILQ_FOREACH (x, &call->exchanges, entry)
		if (party && x->to.party == party && !x->from.party && !x->answered)
			return x;
	return NULL;
}

static struct exchange *find(struct session *s, const struct call *call,
			     const Tandem__Relay__V1__SubscribeAnswerRequest *request,
			     struct session_error *error)
{
	struct exchange *x;

	if (session_check_ready(s, error))
		return NULL;
	if (!call) {
		session_refuse(error, SESSION_NOT_FOUND, "no call \"%.60s\"; see tandemctl calls",
			       request->call_id);
		return NULL;
	}
	x = find_own(call, request->tag);
	if (!x)
		session_refuse(error, SESSION_FAILED_PRECONDITION,
			       "no offer of the relay's own to \"%.60s\" waits for an answer; "
			       "subscribe or create first",
			       request->tag);
	return x;
}

/* On a copy of the plans, since an answer that cannot be taken may be followed by a better one. */
static int take_answer(struct exchange *x, const char *text, struct session_error *error)
{
	struct exchange next;
	struct sdp *sdp = NULL;
	int result = -EINVAL;

	if (exchange_read_sdp(&sdp, text, NULL, error))
		return -EINVAL;
	if (exchange_copy(&next, x))
		session_refuse(error, SESSION_INTERNAL, "no memory");
	else
		result = plan_answer(&next, sdp, error);
	if (result == 0) {
		struct end planned = x->to;

		x->to = next.to;
		next.to = planned;
		/* Listeners have what those whom they hear have. */
		if (!x->to.party->listens)
			media_take(x->call->media, x->sdp, sdp);
	}
	exchange_forget_plans(&next);
	sdp_free(sdp);
	return result;
}

static void answer_again(struct session *s, const ProtobufCMessage *request, session_reply *reply,
			 void *arg)
{
	session_subscribe_answer(s, (const Tandem__Relay__V1__SubscribeAnswerRequest *)request,
				 reply, arg);
}

void session_subscribe_answer(struct session *s,
			      const Tandem__Relay__V1__SubscribeAnswerRequest *request,
			      session_reply *reply, void *arg)
{
	struct call *call = session_find_call(s, request->call_id);
	struct session_error error;
	struct answering *a;
	struct exchange *x;
	struct push *push;

	if (queue_wait(call, answer_again, &request->base, reply, arg))
		return;
	x = find(s, call, request, &error);
	if (!x || take_answer(x, request->sdp, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	a = calloc(1, sizeof(*a));
	push = a ? push_begin(s, answered, NULL, a) : NULL;
	if (!push) {
		free(a);
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*a = (struct answering){.call = call, .reply = reply, .arg = arg};
	queue_begin(call);
	solo_settle(x, &x->to, push);
	push_end(push);
}
