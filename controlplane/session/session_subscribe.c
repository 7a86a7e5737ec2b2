/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verbs subscribe and subscribe-answer: a party that only listens. The relay itself makes the
 * offer, and each m-line of it is a leg that hears one leg of a party.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/session/exchange_sdp.h"
#include "controlplane/session/exchange.h"
#include "controlplane/session/listen.h"
#include "controlplane/session/plan.h"
#include "controlplane/session/push.h"
#include "controlplane/session/queue.h"
#include "controlplane/session/solo.h"
#include "controlplane/sdp/sdp_rewrite.h"

/* A request that waits for the dataplane. */
struct subscribing {
	struct call *call;
	struct exchange *exchange;
	char *sdp;
	struct heard heard[SDP_MEDIA_MAX];
	int count;
	session_reply *reply;
	void *arg;
};

static void end(struct subscribing *u)
{
	struct call *call = u->call;

	sdp_text_free(u->sdp);
	free(u);
	queue_end(call);
}

/* --- subscribe ------------------------------------------------------------------------------- */

static int check_request(struct session *s, const struct call *call,
			 const Tandem__Relay__V1__SubscribeRequest *request,
			 struct session_error *error)
{
	if (session_check_text("call_id", request->call_id, error) ||
	    session_check_text("tag", request->tag, error) || session_check_ready(s, error))
		return -EINVAL;
	if (!call)
		return session_refuse(error, SESSION_NOT_FOUND,
				      "no call \"%s\"; see tandemctl calls", request->call_id);
	if (call_party(call, request->tag))
		return session_refuse(error, SESSION_ALREADY_EXISTS,
				      "tag \"%.60s\" is another party of this call; name the "
				      "listener otherwise",
				      request->tag);
	if (call->party_count >= CALL_PARTIES_MAX)
		return session_refuse(error, SESSION_RESOURCE_EXHAUSTED,
				      "the call has %u parties, which is the limit",
				      call->party_count);
	return 0;
}

static void reply_offer(const struct subscribing *u)
{
	Tandem__Relay__V1__SubscribeReply reply = TANDEM__RELAY__V1__SUBSCRIBE_REPLY__INIT;
	char *sources[SDP_MEDIA_MAX];

	for (int i = 0; i < u->count; i++)
		sources[i] = u->heard[i].party->tag ? u->heard[i].party->tag : (char *)"";
	reply.sdp = u->sdp;
	reply.sources = sources;
	reply.n_sources = u->count;
	u->reply(u->arg, &reply.base, NULL);
}

static void offered(void *arg, int error, const char *what)
{
	struct subscribing *u = arg;

	if (u->call->gone) {
		session_fail(u->reply, u->arg, SESSION_NOT_FOUND, "the call was deleted meanwhile");
	} else if (error) {
		exchange_close(u->exchange);
		session_fail(u->reply, u->arg, push_status_code(error), "the dataplane refused: %s",
			     what);
	} else {
		exchange_wait(u->exchange);
		reply_offer(u);
	}
	end(u);
}

/* Without a word about the profile a recorder gets what anybody can read. */
static int read_wish(struct exchange *x, const Tandem__Relay__V1__Side *to,
		     struct session_error *error)
{
	if (wish_read(&x->to.wish, to, error))
		return -EINVAL;
	if (x->to.wish.profile == SDP_OTHER_PROFILE)
		x->to.wish.profile = SDP_RTP_AVP;
	return 0;
}

static int plan(struct subscribing *u, const Tandem__Relay__V1__SubscribeRequest *request,
		struct session_error *error)
{
	struct exchange *x = u->exchange;

	if (read_wish(x, request->to, error))
		return -EINVAL;
	x->sdp = listen_make_sdp(u->heard, u->count, u->call, error);
	if (!x->sdp || plan_offer(x, true, error))
		return -EINVAL;
	for (unsigned int i = 0; i < x->to.plan_count; i++) {
		const struct heard *heard = &u->heard[__builtin_ctz(x->to.plans[i].lines)];

		x->to.plans[i].leg->source = heard->party;
		x->to.plans[i].leg->source_line = heard->line;
	}
	u->sdp = exchange_write_sdp(x, NULL, NULL, error);
	return u->sdp ? 0 : -EINVAL;
}

static int begin(struct subscribing *u, const Tandem__Relay__V1__SubscribeRequest *request,
		 struct session_error *error)
{
	struct party *listener;

	u->count = listen_choose(u->heard, u->call, request, error);
	if (u->count < 0)
		return -EINVAL;
	listener = party_make(u->call, request->tag, "");
	if (listener)
		listener->listens = true;
	u->exchange = listener ? exchange_make(u->call, NULL, listener) : NULL;
	if (!u->exchange)
		return session_refuse(error, SESSION_INTERNAL, "no memory");
	return plan(u, request, error);
}

static void push_new(struct subscribing *u, struct push *push)
{
	u->call->revision++;
	for (unsigned int i = 0; i < u->exchange->to.plan_count; i++)
		push_leg(push, u->exchange->to.plans[i].leg);
	push_call(push, u->call);
	push_end(push);
}

static void again(struct session *s, const ProtobufCMessage *request, session_reply *reply,
		  void *arg)
{
	session_subscribe(s, (const Tandem__Relay__V1__SubscribeRequest *)request, reply, arg);
}

void session_subscribe(struct session *s, const Tandem__Relay__V1__SubscribeRequest *request,
		       session_reply *reply, void *arg)
{
	struct call *call = session_find_call(s, request->call_id);
	struct session_error error;
	struct subscribing *u;
	struct push *push;

	if (queue_wait(call, again, &request->base, reply, arg))
		return;
	if (check_request(s, call, request, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	u = calloc(1, sizeof(*u));
	push = u ? push_begin(s, offered, NULL, u) : NULL;
	if (!push) {
		free(u);
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*u = (struct subscribing){.call = call, .reply = reply, .arg = arg};
	queue_begin(call);
	if (begin(u, request, &error) == 0) {
		push_new(u, push);
		return;
	}
	push_drop(push);
	if (u->exchange)
		exchange_close(u->exchange);
	else
		exchange_sweep(call, NULL);
	reply(arg, NULL, &error);
	end(u);
}

/* --- the answer ------------------------------------------------------------------------------ */

static void answered(void *arg, int error, const char *what)
{
	Tandem__Relay__V1__SubscribeAnswerReply reply =
		TANDEM__RELAY__V1__SUBSCRIBE_ANSWER_REPLY__INIT;
	struct subscribing *u = arg;

	if (u->call->gone)
		session_fail(u->reply, u->arg, SESSION_NOT_FOUND, "the call was deleted meanwhile");
	else if (error)
		session_fail(u->reply, u->arg, push_status_code(error),
			     "the dataplane refused: %s; unsubscribe, and subscribe anew", what);
	else
		u->reply(u->arg, &reply.base, NULL);
	end(u);
}

static struct exchange *find(struct session *s, const struct call *call,
			     const Tandem__Relay__V1__SubscribeAnswerRequest *request,
			     struct session_error *error)
{
	const struct party *listener = call ? call_party(call, request->tag) : NULL;
	struct exchange *x;

	if (session_check_ready(s, error))
		return NULL;
	if (!call) {
		session_refuse(error, SESSION_NOT_FOUND, "no call \"%.60s\"; see tandemctl calls",
			       request->call_id);
		return NULL;
	}
	x = listener && listener->listens ? exchange_find(call, NULL, listener) : NULL;
	if (!x)
		session_refuse(error, SESSION_FAILED_PRECONDITION,
			       "no offer to \"%.60s\" waits for an answer; subscribe first",
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
	struct subscribing *u;
	struct exchange *x;
	struct push *push;

	if (queue_wait(call, answer_again, &request->base, reply, arg))
		return;
	x = find(s, call, request, &error);
	if (!x || take_answer(x, request->sdp, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	u = calloc(1, sizeof(*u));
	push = u ? push_begin(s, answered, NULL, u) : NULL;
	if (!push) {
		free(u);
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*u = (struct subscribing){.call = call, .reply = reply, .arg = arg};
	queue_begin(call);
	solo_settle(x, &x->to, push);
	push_end(push);
}
