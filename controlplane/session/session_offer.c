/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verb offer: one party's offer comes in, one for another goes out, and so for each re-offer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/wall_clock.h"
#include "controlplane/session/exchange_sdp.h"
#include "controlplane/session/exchange.h"
#include "controlplane/session/fill.h"
#include "controlplane/session/offerer.h"
#include "controlplane/session/plan.h"
#include "controlplane/session/push.h"
#include "controlplane/session/queue.h"
#include "controlplane/session/watch.h"
#include "controlplane/sdp/sdp_rewrite.h"

/* One request that waits for the dataplane. */
struct offering {
	struct exchange *exchange;
	struct call *call;
	char *sdp;
	session_reply *reply;
	void *arg;
};

/* --- who ------------------------------------------------------------------------------------- */

/* It was offered something by the relay itself, and has not answered. */
static bool is_being_created(const struct party *party)
{
	const struct exchange *own = exchange_own(party);

	return own && !own->answered;
}

/* The one that this party talks with, or has offered to, or the only other one; NULL if there is
 * none. */
static struct party *usual_partner(const struct call *call, const struct party *from)
{
	struct exchange *x = exchange_find(call, from, NULL);
	struct party *party, *other = NULL;

	if (party_talks_with(from))
		return from->partner;
	if (x)
		return x->to.party;
	TAILQ_FOREACH (party, &call->parties, entry) {
		if (party == from || party->listens || is_being_created(party))
			continue;
		if (other)
			return from->partner;
		other = party;
	}
	return other;
}

/* Whom the party has offered to, and who has neither a tag nor a branch yet; NULL: nobody. */
static struct party *nameless(const struct call *call, const struct party *from)
{
	const struct exchange *x;

	TAILQ_FOREACH (x, &call->exchanges, entry)
		if (x->from.party == from && !x->to.party->tag && !x->to.party->branch[0])
			return x->to.party;
	return NULL;
}

/* *to is NULL: a party that is not there yet. */
static int find_other(const struct call *call, const struct party *from, struct party **to,
		      const Tandem__Relay__V1__OfferRequest *request, struct session_error *error)
{
	*to = NULL;
	if (request->to_tag[0])
		*to = call_party(call, request->to_tag);
	if (!*to && request->branch[0])
		*to = call_party_on(call, request->branch);
	if (!*to && !request->to_tag[0] && !request->branch[0])
		*to = usual_partner(call, from);
	if (!*to && request->joins && !request->branch[0])
		*to = nameless(call, from);
	if (*to == from || (*to && (*to)->listens))
		return session_refuse(error, SESSION_FAILED_PRECONDITION,
				      "an offer is for another party, who talks; name that one");
	if (is_being_created(from) || (*to && is_being_created(*to)))
		return session_refuse(error, SESSION_FAILED_PRECONDITION,
				      "the relay's own offer to \"%.60s\" waits for its answer; "
				      "answer it first",
				      party_name(is_being_created(from) ? from : *to));
	if (!*to && request->to_tag[0] && !request->branch[0] && !request->joins)
		return session_refuse(error, SESSION_FAILED_PRECONDITION,
				      "to_tag \"%.60s\" is no participant of this call; use the "
				      "tag of its answer, or name a branch",
				      request->to_tag);
	return 0;
}

static int settle_glare(const struct party *from, const struct party *to, bool replace,
			struct session_error *error)
{
	struct exchange *theirs = exchange_find(from->call, to, from);

	if (!theirs)
		return 0;
	if (!replace)
		return session_refuse(error, SESSION_ALREADY_EXISTS,
				      "an offer of \"%.60s\" waits for its answer; answer it first",
				      party_name(to));
	exchange_withdraw(theirs, "the other party has offered as well");
	return 0;
}

/* --- what ------------------------------------------------------------------------------------ */

/* The wishes of before, changed by what this request says. */
static int read_wishes(struct exchange *x, const Tandem__Relay__V1__OfferRequest *request,
		       struct session_error *error)
{
	bool shared;

	x->to.wish = x->to.party->wish;
	/* A branch beside others is as they are. */
	shared = x->first ? x->from.wish.shared : x->to.wish.shared;
	if (request->to && wish_read(&x->to.wish, request->to, error))
		return -EINVAL;
	if (request->to && request->to->keeps && x->to.party->answered)
		wish_keep(&x->to.wish, &x->to.party->wish);
	if (wish_read_keys(&shared, request->keys, error))
		return -EINVAL;
	x->from.wish.shared = x->to.wish.shared = shared;
	return 0;
}

static int read_offer(struct exchange *x, const Tandem__Relay__V1__OfferRequest *request,
		      struct session_error *error)
{
	unsigned int lines = x->from.party->line_count;

	if (offerer_read(x, request, error) || read_wishes(x, request, error))
		return -EINVAL;
	if (lines < x->to.party->line_count)
		lines = x->to.party->line_count;
	if (request->filter && request->filter->lenient &&
	    fill_offer(&x->sdp, x->call, lines, error))
		return -EINVAL;
	if (x->sdp->media_count < lines)
		return session_refuse(
			error, SESSION_INVALID_ARGUMENT,
			"the re-offer has %u m-lines and the call %u; m-lines are set to port "
			"0, never removed (RFC 3264 section 8)",
			x->sdp->media_count, lines);
	return 0;
}

/* --- in the dataplane ------------------------------------------------------------------------ */

/*
 * The call is as it was; one that never was is gone. One that somebody knows of, whose only offer
 * this one took the place of, ends as any other: with an event and a record.
 */
static void give_up(struct exchange *x)
{
	struct call *call = call_hold(x->call);
	bool told = x->from.party->told || x->to.party->told;

	if (told && !call_is_answered(call) && TAILQ_FIRST(&call->exchanges) == x &&
	    !TAILQ_NEXT(x, entry)) {
		session_drop_call(call->session, call, CALL_END(UNANSWERED),
				  "the offer that took its place was refused");
		call_release(call);
		return;
	}
	exchange_close(x);
	if (!call_is_answered(call) && TAILQ_EMPTY(&call->exchanges)) {
		counts_end_call(call, COUNTS_REFUSED);
		session_forget_call(call->session, call);
	}
	call_release(call);
}

static void finish(void *arg, int error, const char *what)
{
	struct offering *o = arg;
	struct call *call = o->call;

	if (call->gone) {
		session_fail(o->reply, o->arg, SESSION_NOT_FOUND, "the call was deleted meanwhile");
	} else if (error) {
		give_up(o->exchange);
		session_fail(o->reply, o->arg, push_status_code(error), "the dataplane refused: %s",
			     what);
	} else {
		Tandem__Relay__V1__OfferReply reply = TANDEM__RELAY__V1__OFFER_REPLY__INIT;

		exchange_wait(o->exchange);
		o->exchange->from.party->told = o->exchange->to.party->told = true;
		watch_party(WATCH(OFFERED), o->exchange->from.party, "");
		reply.sdp = o->sdp;
		o->reply(o->arg, &reply.base, NULL);
	}
	sdp_text_free(o->sdp);
	free(o);
	queue_end(call);
}

/* Only what is new is shown to the dataplane: the rest changes when the answer is there. */
static int push_new(struct exchange *x, char *sdp, session_reply *reply, void *arg)
{
	struct call *call = x->call;
	struct offering *o = calloc(1, sizeof(*o));
	struct push *push = o ? push_begin(call->session, finish, NULL, o) : NULL;
	struct party *party;
	struct leg *leg;

	if (!push) {
		free(o);
		return -ENOMEM;
	}
	*o = (struct offering){x, call, sdp, reply, arg};
	queue_begin(call);
	session_end_at(call, 0);
	call->signalled = wall_clock_ms();
	call->revision++;
	for_each_leg(leg, call)
	{
		if (leg->pending && exchange_names(call, leg))
			push_leg(push, leg);
	}
	push_call(push, call);
	push_end(push);
	return 0;
}

/* Whether `now` takes the place of the other one. */
static bool replaces(const struct exchange *now, const struct exchange *x)
{
	bool same = x->from.party == now->from.party && x->to.party == now->to.party;
	bool other = x->from.party == now->to.party && x->to.party == now->from.party;
	bool own =
		!x->from.party && (x->to.party == now->from.party || x->to.party == now->to.party);

	return x != now && (same || ((other || own) && x->answered));
}

static void close_former(struct exchange *now)
{
	struct call *call = now->call;
	struct exchange *x = TAILQ_FIRST(&call->exchanges);

	while (x) {
		struct exchange *next = TAILQ_NEXT(x, entry);

		if (replaces(now, x))
			exchange_close(x);
		x = next;
	}
}

/* NULL if there is none. */
static const struct exchange *find_former(const struct exchange *now)
{
	const struct exchange *x = TAILQ_FIRST(&now->call->exchanges);

	while (x && !replaces(now, x))
		x = TAILQ_NEXT(x, entry);
	return x;
}

static bool is_elsewhere(const struct wish *a, const struct wish *b)
{
	return a->family != b->family || strcmp(a->network, b->network) != 0;
}

/*
 * An offer that comes again has the legs of the one before, and their ports: a proxy that forks may
 * have sent both. Where those will not do, they make room.
 */
static int plan(struct exchange *x, bool wished, struct session_error *error)
{
	const struct exchange *former = find_former(x);
	bool moves = former && is_elsewhere(&former->to.wish, &x->to.wish);
	int result = moves ? -EINVAL : plan_offer(x, wished, error);

	if (!former)
		return result;
	if (result)
		exchange_forget_plans(x);
	close_former(x);
	return result ? plan_offer(x, wished, error) : 0;
}

static void run(struct exchange *x, const Tandem__Relay__V1__OfferRequest *request,
		session_reply *reply, void *arg)
{
	struct session_error error;
	char *sdp;

	/* Both are in it, so that neither goes with an offer of the other one's. */
	if (settle_glare(x->from.party, x->to.party, request->glare, &error) ||
	    read_offer(x, request, &error))
		goto out_refuse;
	if (plan(x, request->to != NULL, &error))
		goto out_refuse;
	sdp = exchange_write_sdp(x, NULL, request->form, &error);
	if (!sdp)
		goto out_refuse;
	if (push_new(x, sdp, reply, arg) == 0)
		return;
	sdp_text_free(sdp);
	session_refuse(&error, SESSION_INTERNAL, "no memory");
out_refuse:
	give_up(x);
	reply(arg, NULL, &error);
}

static void again(struct session *s, const ProtobufCMessage *request, session_reply *reply,
		  void *arg)
{
	session_offer(s, (const Tandem__Relay__V1__OfferRequest *)request, reply, arg);
}

void session_offer(struct session *s, const Tandem__Relay__V1__OfferRequest *request,
		   session_reply *reply, void *arg)
{
	struct call *call = session_find_call(s, request->call_id);
	struct party *from, *to = NULL;
	struct session_error error;
	struct exchange *x = NULL;

	if (queue_wait(call, again, &request->base, reply, arg))
		return;
	if (offerer_find(s, &call, &from, request, &error))
		goto out_refuse;
	if (find_other(call, from, &to, request, &error))
		goto out_call;
	if (!to && call->party_count < CALL_PARTIES_MAX)
		to = party_make(call, NULL, request->branch);
	x = to ? exchange_make(call, from, to) : NULL;
	if (x) {
		run(x, request, reply, arg);
		return;
	}
	session_refuse(&error, SESSION_RESOURCE_EXHAUSTED,
		       "no memory for another party, or the call has %d", CALL_PARTIES_MAX);
out_call:
	offerer_forget(call);
out_refuse:
	reply(arg, NULL, &error);
}
