/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verb subscribe: a party that only listens. The relay itself makes the offer, and each m-line
 * of it is a leg that hears one leg of a party.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/session/form.h"
#include "controlplane/session/group.h"
#include "controlplane/session/listen.h"
#include "controlplane/session/queue.h"
#include "controlplane/session/solo_offer.h"

/* An offer that waits for the dataplane. */
struct subscribing {
	struct solo_offer offer;
	struct heard heard[SDP_MEDIA_MAX];
	int count;
};

static int check_request(struct session *s, const struct call *call,
			 const Tandem__Relay__V1__SubscribeRequest *request,
			 struct session_error *error)
{
	if (session_check_text("call_id", request->call_id, error) ||
	    session_check_text("tag", request->tag, error) ||
	    session_check_name("label", request->label, error) || session_check_ready(s, error))
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

static void tell(struct solo_offer *offer)
{
	Tandem__Relay__V1__SubscribeReply reply = TANDEM__RELAY__V1__SUBSCRIBE_REPLY__INIT;
	const struct subscribing *u = (const struct subscribing *)offer;
	char *sources[SDP_MEDIA_MAX];

	for (int i = 0; i < u->count; i++)
		sources[i] = u->heard[i].party->tag ? u->heard[i].party->tag : (char *)"";
	reply.sdp = offer->sdp;
	reply.sources = sources;
	reply.n_sources = u->count;
	offer->reply(offer->arg, &reply.base, NULL);
}

/* What is to be heard, in the words of those who send it. */
static struct sdp *make_sdp(struct subscribing *u,
			    const Tandem__Relay__V1__SubscribeRequest *request,
			    struct session_error *error)
{
	struct sdp *sdp;

	u->count = listen_choose(u->heard, u->offer.call, request, error);
	if (u->count < 0)
		return NULL;
	sdp = listen_make_sdp(u->heard, u->count, u->offer.call, request->paused, error);
	if (!sdp || form_filter(sdp, request->filter, error) == 0)
		return sdp;
	sdp_free(sdp);
	return NULL;
}

static int make(struct subscribing *u, const Tandem__Relay__V1__SubscribeRequest *request,
		struct session_error *error)
{
	struct sdp *sdp = make_sdp(u, request, error);
	struct party *listener = sdp ? party_make(u->offer.call, request->tag, "") : NULL;
	const struct end *to;

	if (!sdp)
		return -EINVAL;
	if (listener)
		listener->listens = true;
	if (solo_offer_make(&u->offer, listener, sdp, request->to, request->form, error))
		return -EINVAL;
	to = &u->offer.exchange->to;
	for (unsigned int i = 0; i < to->plan_count; i++) {
		const struct heard *heard = &u->heard[group_first(to->plans[i].lines)];

		to->plans[i].leg->source = heard->party;
		to->plans[i].leg->source_line = heard->line;
	}
	return party_set_label(listener, request->label)
		       ? session_refuse(error, SESSION_INTERNAL, "no memory")
		       : 0;
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

	if (queue_wait(call, again, &request->base, reply, arg))
		return;
	if (check_request(s, call, request, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	u = calloc(1, sizeof(*u));
	if (!u) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	u->offer = (struct solo_offer){.call = call, .reply = reply, .arg = arg, .tell = tell};
	if (solo_offer_begin(&u->offer))
		return;
	if (make(u, request, &error))
		solo_offer_drop(&u->offer, &error);
	else
		solo_offer_push(&u->offer);
}
