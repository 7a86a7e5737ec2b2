/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verb subscribe-answer: what the relay itself has offered, to who listens or to a party that
 * was created, comes into force.
 */
#include <errno.h>
#include <stdlib.h>

#include "controlplane/lib/wall_clock.h"
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

static struct exchange *find(struct session *s, const struct call *call,
			     const Tandem__Relay__V1__SubscribeAnswerRequest *request,
			     struct session_error *error)
{
	const struct party *party = call ? call_party(call, request->tag) : NULL;
	struct exchange *x = party ? exchange_own(party) : NULL;

	if (session_check_ready(s, error))
		return NULL;
	if (!call) {
		session_refuse(error, SESSION_NOT_FOUND, "no call \"%.60s\"; see tandemctl calls",
			       request->call_id);
		return NULL;
	}
	if (!x)
		session_refuse(error, SESSION_FAILED_PRECONDITION,
			       "no offer of the relay's own to \"%.60s\" waits for an answer; "
			       "subscribe or create first",
			       request->tag);
	return x;
}

/* On a copy, since another answer may follow, whether this one can be taken or not. */
static int take_answer(struct exchange *next, const struct exchange *x, const char *text,
		       struct session_error *error)
{
	struct sdp *sdp = NULL;
	int result = -EINVAL;

	if (exchange_read_sdp(&sdp, text, NULL, error))
		return -EINVAL;
	if (exchange_copy(next, x))
		session_refuse(error, SESSION_INTERNAL, "no memory");
	else
		result = plan_answer(next, sdp, error);
	/* Listeners have what those whom they hear have. */
	if (result == 0 && !x->to.party->listens)
		media_take_new(x->call->media, x->sdp, sdp);
	if (result)
		exchange_forget_plans(next);
	sdp_free(sdp);
	return result;
}

/* Who is to talk keeps the call, as an answer does. */
static void keep(struct call *call)
{
	session_end_at(call, 0);
	call->signalled = wall_clock_ms();
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
	struct exchange *x, next;
	struct answering *a;
	struct push *push;

	if (queue_wait(call, answer_again, &request->base, reply, arg))
		return;
	x = find(s, call, request, &error);
	if (!x || take_answer(&next, x, request->sdp, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	a = calloc(1, sizeof(*a));
	push = a ? push_begin(s, answered, NULL, a) : NULL;
	if (!push) {
		free(a);
		exchange_forget_plans(&next);
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*a = (struct answering){.call = call, .reply = reply, .arg = arg};
	queue_begin(call);
	if (!x->to.party->listens)
		keep(call);
	solo_settle(x, &next.to, push);
	exchange_forget_plans(&next);
	push_end(push);
}
