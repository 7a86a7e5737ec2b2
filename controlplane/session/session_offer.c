/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb offer: A's offer comes in, an offer for B goes out, and so for every re-offer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/session/describe.h"
#include "controlplane/session/plan.h"
#include "controlplane/session/push.h"
#include "controlplane/sdp/sdp_rewrite.h"
#include "dataplane/lib/log.h"

/* One request that waits for the dataplane. */
struct offering {
	struct call *call;
	char *sdp;
	session_reply *reply;
	void *arg;
};

static int check_request(struct session *s, const Tandem__Relay__V1__OfferRequest *request,
			 struct session_error *error)
{
	if (session_check_text("call_id", request->call_id, error) ||
	    session_check_text("from_tag", request->from_tag, error))
		return -EINVAL;
	if (session_check_ready(s, error))
		return -EINVAL;
	return 0;
}

static int side_of(const struct call *call, const char *tag, enum side *side,
		   struct session_error *error)
{
	for (*side = SIDE_A; *side < SIDES; ++*side)
		if (call->tags[*side] && strcmp(call->tags[*side], tag) == 0)
			return 0;
	return session_refuse(error, SESSION_FAILED_PRECONDITION,
			      "from_tag \"%.60s\" is no participant of this call; use the tag of "
			      "its offer or of its answer",
			      tag);
}

static int new_call(struct session *s, struct call **out,
		    const Tandem__Relay__V1__OfferRequest *request, struct session_error *error)
{
	struct call *call;

	if (s->calls.count >= s->config.calls_max)
		return session_refuse(error, SESSION_RESOURCE_EXHAUSTED,
				      "%zu calls are running, which is the limit; raise "
				      "[controlplane] calls",
				      s->calls.count);
	call = call_make(s, request->call_id);
	if (!call || !(call->tags[SIDE_A] = strdup(request->from_tag))) {
		call_release(call);
		return session_refuse(error, SESSION_INTERNAL, "no memory");
	}
	session_add_call(s, call);
	*out = call;
	return 0;
}

/* The call as it is found, or a new one. An offer that is open is of the same side. */
static int get_call(struct session *s, struct call **out, enum side *from,
		    const Tandem__Relay__V1__OfferRequest *request, struct session_error *error)
{
	struct call *call = session_find_call(s, request->call_id);

	*from = SIDE_A;
	*out = call;
	if (!call)
		return new_call(s, out, request, error);
	if (call->busy)
		return session_refuse(error, SESSION_ALREADY_EXISTS,
				      "another request for this call is being served; wait for its "
				      "reply");
	if (side_of(call, request->from_tag, from, error))
		return -EINVAL;
	if (call->offer && call->offer->from != *from)
		return session_refuse(error, SESSION_ALREADY_EXISTS,
				      "an offer of \"%.60s\" waits for its answer; answer it first",
				      call->tags[call->offer->from]);
	return 0;
}

/* What one side shows of itself is how it is to see the relay, when the other one offers later on.
 */
static void learn_wish(struct offer *offer)
{
	for (unsigned int line = 0; line < offer->sdp->media_count; line++) {
		if (offer->sdp->media[line].rejected)
			continue;
		wish_learn(&offer->wish[offer->from], &offer->sdp->media[line]);
		return;
	}
}

/* The wishes of before, changed by what this request says. */
static int read_wishes(struct offer *offer, const struct call *call,
		       const Tandem__Relay__V1__OfferRequest *request, struct session_error *error)
{
	enum side to = side_other(offer->from);
	bool shared = call->wish[to].shared;
	struct wish from;

	memcpy(offer->wish, call->wish, sizeof(offer->wish));
	if (request->to && wish_read(&offer->wish[to], request->to, error))
		return -EINVAL;
	if (wish_read_keys(&shared, request->keys, error))
		return -EINVAL;
	offer->wish[SIDE_A].shared = offer->wish[SIDE_B].shared = shared;
	if (wish_read(&from, request->from, error))
		return -EINVAL;
	if (!request->from)
		return 0;
	/* The rest is in the SDP. */
	memcpy(offer->wish[offer->from].network, from.network, sizeof(from.network));
	offer->wish[offer->from].family = from.family;
	offer->wish[offer->from].latch = from.latch;
	memcpy(offer->wish[offer->from].suites, from.suites, sizeof(from.suites));
	offer->wish[offer->from].suite_count = from.suite_count;
	return 0;
}

static struct offer *make_offer(struct call *call, enum side from,
				const Tandem__Relay__V1__OfferRequest *request,
				struct session_error *error)
{
	struct offer *offer = calloc(1, sizeof(*offer));

	if (!offer) {
		session_refuse(error, SESSION_INTERNAL, "no memory");
		return NULL;
	}
	offer->from = from;
	if (session_read_sdp(&offer->sdp, request->sdp, error) ||
	    read_wishes(offer, call, request, error))
		goto out_offer;
	if (offer->sdp->media_count < call->line_count) {
		session_refuse(
			error, SESSION_INVALID_ARGUMENT,
			"the re-offer has %u m-lines and the call %u; m-lines are set to port "
			"0, never removed (RFC 3264 section 8)",
			offer->sdp->media_count, call->line_count);
		goto out_offer;
	}
	learn_wish(offer);
	return offer;

out_offer:
	offer_free(offer);
	return NULL;
}

/* The call is as it was; one that never was is gone. */
static void give_up(struct session *s, struct call *call)
{
	session_close_offer(s, call);
	if (!call->answered)
		session_forget_call(s, call);
}

static void finish(void *arg, int error, const char *what)
{
	struct offering *o = arg;
	struct call *call = o->call;
	struct session *s = call->session;

	call->busy = false;
	if (call->gone) {
		session_fail(o->reply, o->arg, SESSION_NOT_FOUND, "the call was deleted meanwhile");
	} else if (error) {
		give_up(s, call);
		session_fail(o->reply, o->arg, push_status_code(error), "the dataplane refused: %s",
			     what);
	} else {
		Tandem__Relay__V1__OfferReply reply = TANDEM__RELAY__V1__OFFER_REPLY__INIT;

		session_wait_for_answer(s, call);
		reply.sdp = o->sdp;
		o->reply(o->arg, &reply.base, NULL);
	}
	sdp_text_free(o->sdp);
	call_release(call);
	free(o);
}

/* Only what is new is shown to the dataplane: the rest changes when the answer is there. */
static int push_new(struct call *call, char *sdp, session_reply *reply, void *arg)
{
	struct offering *o = calloc(1, sizeof(*o));
	struct push *push = o ? push_begin(call->session, finish, NULL, o) : NULL;
	struct bridge *bridge;

	if (!push) {
		free(o);
		return -ENOMEM;
	}
	o->call = call_hold(call);
	o->sdp = sdp;
	o->reply = reply;
	o->arg = arg;
	call->busy = true;
	TAILQ_FOREACH (bridge, &call->bridges, entry)
		for (enum side side = SIDE_A; bridge->pending && side < SIDES; side++)
			push_leg(push, bridge->legs[side]);
	push_end(push);
	return 0;
}

void session_offer(struct session *s, const Tandem__Relay__V1__OfferRequest *request,
		   session_reply *reply, void *arg)
{
	struct session_error error;
	struct call *call = NULL;
	struct offer *offer;
	enum side from;
	char *sdp;

	if (check_request(s, request, &error) || get_call(s, &call, &from, request, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	offer = make_offer(call, from, request, &error);
	if (!offer) {
		/* One that is open stays so: what cannot be read replaces nothing. */
		if (TAILQ_EMPTY(&call->bridges))
			session_forget_call(s, call);
		reply(arg, NULL, &error);
		return;
	}
	session_close_offer(s, call);
	call->offer = offer;
	if (plan_offer(call, offer, request->to != NULL, &error))
		goto out_refuse;
	sdp = describe(offer, NULL, &error);
	if (!sdp)
		goto out_refuse;
	if (push_new(call, sdp, reply, arg) == 0)
		return;
	sdp_text_free(sdp);
	session_refuse(&error, SESSION_INTERNAL, "no memory");
out_refuse:
	give_up(s, call);
	reply(arg, NULL, &error);
}
