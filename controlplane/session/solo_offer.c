/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/solo_offer.h"

#include <errno.h>
#include <stdlib.h>

#include "controlplane/sdp/sdp_rewrite.h"
#include "controlplane/session/exchange_sdp.h"
#include "controlplane/session/plan.h"
#include "controlplane/session/push.h"
#include "controlplane/session/queue.h"

static void end(struct solo_offer *o)
{
	struct call *call = o->call;

	sdp_text_free(o->sdp);
	free(o);
	queue_end(call);
}

/* What was there for it alone goes; so does a call that nothing is left of. */
static void forget(struct solo_offer *o)
{
	struct call *call = o->call;

	if (o->exchange)
		exchange_close(o->exchange);
	else
		exchange_sweep(call, NULL);
	if (TAILQ_EMPTY(&call->parties)) {
		counts_end_call(call, COUNTS_REFUSED);
		session_forget_call(call->session, call);
	}
}

static void finish(void *arg, int error, const char *what)
{
	struct solo_offer *o = arg;

	if (o->call->gone) {
		session_fail(o->reply, o->arg, SESSION_NOT_FOUND, "the call was deleted meanwhile");
	} else if (error) {
		forget(o);
		session_fail(o->reply, o->arg, push_status_code(error), "the dataplane refused: %s",
			     what);
	} else {
		exchange_wait(o->exchange);
		o->exchange->to.party->told = true;
		o->tell(o);
	}
	end(o);
}

int solo_offer_begin(struct solo_offer *o)
{
	o->push = push_begin(o->call->session, finish, NULL, o);
	if (o->push) {
		queue_begin(o->call);
		return 0;
	}
	session_fail(o->reply, o->arg, SESSION_INTERNAL, "no memory");
	free(o);
	return -ENOMEM;
}

static int read_wish(struct exchange *x, const Tandem__Relay__V1__Side *to,
		     struct session_error *error)
{
	if (wish_read(&x->to.wish, to, error))
		return -EINVAL;
	if (x->to.wish.profile == SDP_OTHER_PROFILE)
		x->to.wish.profile = SDP_RTP_AVP;
	return 0;
}

/* The address in o= is the relay's, whatever the form says: nobody else's is there. */
static char *write_offer(struct exchange *x, const Tandem__Relay__V1__SdpForm *form,
			 struct session_error *error)
{
	Tandem__Relay__V1__SdpForm own = TANDEM__RELAY__V1__SDP_FORM__INIT;

	if (form)
		own = *form;
	own.user = own.origin = false;
	return exchange_write_sdp(x, NULL, &own, error);
}

int solo_offer_make(struct solo_offer *o, struct party *party, struct sdp *sdp,
		    const Tandem__Relay__V1__Side *to, const Tandem__Relay__V1__SdpForm *form,
		    struct session_error *error)
{
	struct exchange *x = party ? exchange_make(o->call, NULL, party) : NULL;

	if (!x) {
		sdp_free(sdp);
		return session_refuse(error, SESSION_INTERNAL, "no memory");
	}
	o->exchange = x;
	x->sdp = sdp;
	if (read_wish(x, to, error) || plan_offer(x, true, error))
		return -EINVAL;
	o->sdp = write_offer(x, form, error);
	return o->sdp ? 0 : -EINVAL;
}

void solo_offer_push(struct solo_offer *o)
{
	struct end *end = &o->exchange->to;

	o->call->revision++;
	for (unsigned int i = 0; i < end->plan_count; i++)
		push_leg(o->push, end->plans[i].leg);
	push_call(o->push, o->call);
	push_end(o->push);
}

void solo_offer_drop(struct solo_offer *o, const struct session_error *error)
{
	push_drop(o->push);
	forget(o);
	o->reply(o->arg, NULL, error);
	end(o);
}
