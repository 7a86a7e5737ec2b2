/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/offerer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/session/exchange_sdp.h"
#include "controlplane/session/session_state.h"

static int check_request(struct session *s, const Tandem__Relay__V1__OfferRequest *request,
			 struct session_error *error)
{
	if (session_check_text("call_id", request->call_id, error) ||
	    session_check_text("from_tag", request->from_tag, error) ||
	    session_check_name("to_tag", request->to_tag, error) ||
	    session_check_name("branch", request->branch, error) ||
	    session_check_name("label", request->label, error) ||
	    session_check_name("driver", request->driver, error))
		return -EINVAL;
	if ((unsigned int)request->glare > TANDEM__RELAY__V1__GLARE__GLARE_REPLACE)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "glare: %d is unknown; use the numbers of relay.proto",
				      (int)request->glare);
	return session_check_ready(s, error);
}

static int new_call(struct session *s, struct call **out, struct party **from,
		    const Tandem__Relay__V1__OfferRequest *request, struct session_error *error)
{
	struct call *call;

	if (s->calls.count >= s->config.calls_max)
		return session_refuse(error, SESSION_RESOURCE_EXHAUSTED,
				      "%zu calls are running, which is the limit; raise "
				      "[controlplane] calls",
				      s->calls.count);
	call = call_make(s, request->call_id);
	if (call)
		snprintf(call->driver, sizeof(call->driver), "%s",
			 request->driver[0] ? request->driver : "grpc");
	*from = call ? party_make(call, request->from_tag, "") : NULL;
	if (!*from) {
		call_release(call);
		return session_refuse(error, SESSION_INTERNAL, "no memory");
	}
	session_add_call(s, call);
	counts_add_call(call, true);
	*out = call;
	return 0;
}

static int find_party(struct call *call, struct party **from, const char *tag, bool joins,
		      struct session_error *error)
{
	*from = call_party(call, tag);
	if (!*from && joins && call->party_count < CALL_PARTIES_MAX)
		*from = party_make(call, tag, "");
	if (*from && !(*from)->listens)
		return 0;
	return session_refuse(error, SESSION_FAILED_PRECONDITION,
			      "from_tag \"%.60s\" is no participant of this call; use the tag of "
			      "its offer or of its answer",
			      tag);
}

int offerer_find(struct session *s, struct call **call, struct party **from,
		 const Tandem__Relay__V1__OfferRequest *request, struct session_error *error)
{
	if (check_request(s, request, error))
		return -EINVAL;
	if (!*call)
		return new_call(s, call, from, request, error);
	return find_party(*call, from, request->from_tag, request->joins, error);
}

/* What a party shows of itself is how it is to see the relay, when another one offers later on. */
static void learn_wish(struct exchange *x)
{
	for (unsigned int line = 0; line < x->sdp->media_count; line++) {
		if (x->sdp->media[line].rejected)
			continue;
		wish_learn(&x->from.wish, &x->sdp->media[line]);
		return;
	}
}

int offerer_read(struct exchange *x, const Tandem__Relay__V1__OfferRequest *request,
		 struct session_error *error)
{
	struct wish from;

	if (exchange_read_sdp(&x->sdp, request->sdp, request->filter, error))
		return -EINVAL;
	x->sent_lines = x->sdp->media_count;
	x->from.wish = x->from.party->wish;
	x->from.wish.refuses_ice = x->from.wish.refuses_mux = false;
	if (wish_read_source(&x->from.wish, request->source, error) ||
	    wish_read(&from, request->from, error))
		return -EINVAL;
	if (request->from)
		wish_take_from(&x->from.wish, &from);
	learn_wish(x);
	return party_set_label(x->from.party, request->label)
		       ? session_refuse(error, SESSION_INTERNAL, "no memory")
		       : 0;
}

void offerer_forget(struct call *call)
{
	exchange_sweep(call, NULL);
	if (call_is_answered(call) || !TAILQ_EMPTY(&call->exchanges))
		return;
	counts_end_call(call, COUNTS_REFUSED);
	session_forget_call(call->session, call);
}
