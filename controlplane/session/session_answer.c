/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verb answer: what was offered comes into force. First legs and paths are pushed as they will
 * be, then, when the dataplane has taken all of them, keys follow and what was rejected goes; if it
 * refuses one, all of them are pushed again as they were. A further answer does the same once more,
 * from what was offered.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/wall_clock.h"
#include "controlplane/session/exchange_sdp.h"
#include "controlplane/session/exchange.h"
#include "controlplane/session/fill.h"
#include "controlplane/session/group.h"
#include "controlplane/session/keying.h"
#include "controlplane/session/media.h"
#include "controlplane/session/path.h"
#include "controlplane/session/plan.h"
#include "controlplane/session/push.h"
#include "controlplane/session/queue.h"
#include "controlplane/session/watch.h"
#include "controlplane/sdp/sdp_rewrite.h"

/* What is other about a party once the answer is in force; trading it twice takes it back. */
struct change {
	struct party *party;
	struct wish wish;
	struct party *partner;
	unsigned int line_count;
	bool answered;
	char *tag;
};

struct answering {
	struct call *call;
	struct exchange *exchange;
	struct exchange next; /* a copy, whose plans hold what was before once they are in force */
	struct change from, to;          /* of the parties */
	bool first;                      /* of the call's answers */
	struct medium *media;            /* of the call, the whole array */
	bool pending[2 * SDP_MEDIA_MAX]; /* of the plans' legs before, those of `from` first */
	char *sdp;
	session_reply *reply;
	void *arg;
};

/* --- which ----------------------------------------------------------------------------------- */

static int refuse_to_tag(const Tandem__Relay__V1__AnswerRequest *request,
			 struct session_error *error)
{
	return session_refuse(error, SESSION_FAILED_PRECONDITION,
			      "to_tag \"%.60s\" is not the other participant of this call",
			      request->to_tag);
}

/*
 * Whether who answers may be the one whom the offer was for. Behind a branch there may be several,
 * of whom each answers; but one who answered an earlier offer is who it is.
 */
static bool may_answer(const struct exchange *x, const Tandem__Relay__V1__AnswerRequest *request)
{
	const struct party *to = x->to.party;

	if (to->tag && strcmp(to->tag, request->to_tag) == 0)
		return true;
	return x->first && (!request->branch[0] || strcmp(to->branch, request->branch) == 0);
}

static bool is_sure(const struct exchange *x, const Tandem__Relay__V1__AnswerRequest *request)
{
	const struct party *to = x->to.party;

	return request->branch[0] || (to->tag && strcmp(to->tag, request->to_tag) == 0);
}

static int find_exchange(struct exchange **out, const struct call *call, const struct party *from,
			 const Tandem__Relay__V1__AnswerRequest *request,
			 struct session_error *error)
{
	struct exchange *x, *open = NULL, *answered = NULL;
	unsigned int offers = 0, opens = 0;

	TAILQ_FOREACH (x, &call->exchanges, entry) {
		if (x->from.party != from || x->to.party->listens)
			continue;
		offers++;
		if (!may_answer(x, request))
			continue;
		if (is_sure(x, request)) {
			*out = x;
			return 0;
		}
		if (x->answered)
			answered = x;
		else if (opens++ == 0)
			open = x;
	}
	if (opens > 1)
		return session_refuse(error, SESSION_FAILED_PRECONDITION,
				      "%u offers of \"%.60s\" wait for their answers; name the "
				      "branch",
				      opens, from->tag);
	*out = open ? open : answered;
	if (*out)
		return 0;
	if (offers)
		return refuse_to_tag(request, error);
	return session_refuse(error, SESSION_FAILED_PRECONDITION,
			      "no offer of this call waits for an answer; offer first");
}

/* The tag is that of nobody else. */
static int check_to_tag(const struct exchange *x, const Tandem__Relay__V1__AnswerRequest *request,
			struct session_error *error)
{
	const struct party *known = call_party(x->call, request->to_tag);

	return known && known != x->to.party ? refuse_to_tag(request, error) : 0;
}

static int find(struct session *s, struct call *call, struct exchange **out,
		const Tandem__Relay__V1__AnswerRequest *request, struct session_error *error)
{
	const struct exchange *x;
	struct party *from;

	if (session_check_text("call_id", request->call_id, error) ||
	    session_check_text("from_tag", request->from_tag, error) ||
	    session_check_text("to_tag", request->to_tag, error) ||
	    session_check_name("branch", request->branch, error) ||
	    session_check_name("label", request->label, error) || session_check_ready(s, error))
		return -EINVAL;
	if (!call)
		return session_refuse(error, SESSION_NOT_FOUND, "no call \"%s\"; offer first",
				      request->call_id);
	from = call_party(call, request->from_tag);
	x = exchange_find(call, NULL, NULL);
	if (x && x->from.party && !exchange_find(call, from, NULL))
		return session_refuse(error, SESSION_FAILED_PRECONDITION,
				      "from_tag is not that of the open offer, \"%.60s\"; use it",
				      x->from.party->tag);
	if (!from)
		return session_refuse(error, SESSION_FAILED_PRECONDITION,
				      "no offer of this call waits for an answer; offer first");
	return find_exchange(out, call, from, request, error) || check_to_tag(*out, request, error)
		       ? -EINVAL
		       : 0;
}

/* --- in force, and back ---------------------------------------------------------------------- */

static void trade(struct change *c)
{
	struct party *party = c->party;
	struct change was = {party,           party->wish, party->partner, party->line_count,
			     party->answered, party->tag};

	party->wish = c->wish;
	party->partner = c->partner;
	party->line_count = c->line_count;
	party->answered = c->answered;
	party->tag = c->tag;
	call_changed(party->call);
	*c = was;
}

static void trade_media(struct answering *a)
{
	struct medium now[SDP_MEDIA_MAX];

	memcpy(now, a->call->media, sizeof(now));
	memcpy(a->call->media, a->media, sizeof(now));
	memcpy(a->media, now, sizeof(now));
}

/* Those of both ends, one after the other; NULL if that was the last one. */
static struct plan *plan_at(struct answering *a, unsigned int i)
{
	if (i < a->next.from.plan_count)
		return &a->next.from.plans[i];
	i -= a->next.from.plan_count;
	return i < a->next.to.plan_count ? &a->next.to.plans[i] : NULL;
}

#define for_each_plan(plan, a) for (unsigned int i_ = 0; (plan = plan_at(a, i_)); i_++)

static void trade_all(struct answering *a)
{
	trade(&a->from);
	trade(&a->to);
	trade_media(a);
}

static void put_in_force(struct answering *a)
{
	struct plan *plan;

	for (unsigned int i = 0; (plan = plan_at(a, i)); i++) {
		a->pending[i] = plan->leg->pending;
		if (!plan->lines)
			continue;
		plan_swap(plan);
		plan->leg->pending = false;
		/* Media may flow from now on, from wherever a translator has it come. */
		plan->leg->latch_epoch++;
	}
	trade_all(a);
}

/* Whether the plan is in force: a rejected one has no m-lines, and its leg may be gone. */
static bool accepted(const struct plan *plan)
{
	return plan->lines && !plan->leg->pending;
}

static void take_back(struct answering *a)
{
	struct push *push = push_begin(a->call->session, NULL, NULL, NULL);
	struct paths now = paths_derive(a->call), before;
	struct plan *plan;

	for (unsigned int i = 0; (plan = plan_at(a, i)); i++) {
		if (!accepted(plan))
			continue;
		plan_swap(plan);
		plan->leg->pending = a->pending[i];
	}
	trade_all(a);
	before = paths_derive(a->call);
	a->call->revision++;
	if (push) {
		for_each_plan(plan, a) if (plan->lines) push_leg(push, plan->leg);
		paths_push_anew(push, &now, &before);
		push_call(push, a->call);
		push_end(push);
	}
	paths_free(&now);
	paths_free(&before);
}

/* --- the second half ------------------------------------------------------------------------- */

static bool is_planned(struct answering *a, const struct leg *leg)
{
	struct plan *plan;

	for_each_plan(plan, a) if (plan->leg == leg) return accepted(plan);
	return false;
}

/* Legs whose m-lines were rejected, now or in the offer; another exchange may bring one back. */
static void remove_rejected(struct answering *a, const struct party *party)
{
	struct leg *leg;

	TAILQ_FOREACH (leg, &party->legs, entry)
		leg->pending |= !is_planned(a, leg);
}

static void forget_rejected_mids(struct answering *a, struct party *party)
{
	uint32_t lines = 0;
	const struct leg *leg;

	TAILQ_FOREACH (leg, &party->legs, entry)
		lines |= leg->pending ? 0 : leg->lines;
	for (unsigned int line = 0; line < party->line_count; line++)
		if (!(lines & 1u << line))
			mids_forget(&party->mids, line);
}

/* Which of them, nobody can tell; with the connection the resync sees which keys arrived. */
static void refuse_keys(struct answering *a, int error, const char *what)
{
	struct plan *plan;

	if (error == -ENOTCONN)
		return;
	for_each_plan(plan, a) if (accepted(plan) && sdp_profile_has_sdes(plan->leg->terms.profile))
		keying_refused(plan->leg, what);
}

static void end(struct answering *a)
{
	struct call *call = a->call;

	exchange_forget_plans(&a->next);
	media_free(a->media);
	if (a->to.party && a->to.tag != a->to.party->tag)
		free(a->to.tag);
	sdp_text_free(a->sdp);
	free(a);
	queue_end(call);
}

static void reply_sdp(struct answering *a)
{
	Tandem__Relay__V1__AnswerReply reply = TANDEM__RELAY__V1__ANSWER_REPLY__INIT;

	reply.sdp = a->sdp;
	a->reply(a->arg, &reply.base, NULL);
}

static void finish(void *arg, int error, const char *what)
{
	struct answering *a = arg;

	if (a->call->gone) {
		session_fail(a->reply, a->arg, SESSION_NOT_FOUND, "the call was deleted meanwhile");
	} else if (error) {
		refuse_keys(a, error, what);
		session_fail(a->reply, a->arg, push_status_code(error),
			     "the dataplane refused the keys: %s", what);
	} else {
		watch_party(WATCH(ANSWERED), a->to.party, "");
		if (a->first)
			counts_answer_call(a->call);
		reply_sdp(a);
	}
	end(a);
}

/* An answer to a re-offer that rejects an m-line is the last word on it. */
static void forget_rejected_plans(struct end *end)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < end->plan_count; i++)
		if (!end->plans[i].leg->pending)
			end->plans[kept++] = end->plans[i];
	end->plan_count = kept;
}

static void commit(struct answering *a, struct push *push)
{
	struct paths before = paths_derive(a->call), now;
	struct exchange *x = a->exchange;
	struct plan *plan;

	for_each_plan(plan, a)
	{
		if (!accepted(plan))
			continue;
		/* In this order: what DTLS leaves behind SDES may not inherit. */
		keying_agree_dtls(plan->leg, &plan->terms);
		keying_push_sdes(push, plan->leg, &plan->terms);
		counts_await_media(plan->leg);
	}
	remove_rejected(a, a->from.party);
	remove_rejected(a, a->to.party);
	now = paths_derive(a->call);
	paths_push(push, &before, &now);
	paths_free(&before);
	paths_free(&now);
	forget_rejected_mids(a, a->from.party);
	forget_rejected_mids(a, a->to.party);
	if (!x->first) {
		forget_rejected_plans(&x->from);
		forget_rejected_plans(&x->to);
	}
	x->answered = true;
	call_note_answer(a->call);
	exchange_wait(x);
	exchange_sweep(a->call, push);
	push_call(push, a->call);
}

static void legs_pushed(void *arg, int error, const char *what)
{
	struct answering *a = arg;
	struct push *push = NULL;

	if (a->call->gone) {
		finish(a, 0, "");
		return;
	}
	if (!error) {
		push = push_begin(a->call->session, finish, NULL, a);
		if (!push) {
			error = -ENOMEM;
			what = strerror(ENOMEM);
		}
	}
	if (error) {
		take_back(a);
		session_fail(a->reply, a->arg, push_status_code(error), "the dataplane refused: %s",
			     what);
		end(a);
		return;
	}
	commit(a, push);
	push_end(push);
}

/* --- the first half -------------------------------------------------------------------------- */

static bool is_all_rejected(struct answering *a)
{
	struct plan *plan;

	for_each_plan(plan, a) if (plan->lines) return false;
	return true;
}

/* They talk with each other from now on. */
static int plan_parties(struct answering *a, const char *to_tag, struct session_error *error)
{
	struct party *from = a->next.from.party, *to = a->next.to.party;
	unsigned int lines = a->next.sdp->media_count;

	a->from = (struct change){from, a->next.from.wish, to, lines, true, from->tag};
	a->to = (struct change){to, a->next.to.wish, from, lines, true, to->tag};
	if (to->tag && strcmp(to->tag, to_tag) == 0)
		return 0;
	a->to.tag = strdup(to_tag);
	return a->to.tag ? 0 : session_refuse(error, SESSION_INTERNAL, "no memory");
}

static int read_sides(struct exchange *next, const Tandem__Relay__V1__AnswerRequest *request,
		      struct session_error *error)
{
	struct wish side;

	if (wish_read_source(&next->to.wish, request->source, error) ||
	    wish_read(&side, request->from, error))
		return -EINVAL;
	if (request->from)
		next->to.wish.latch = side.latch;
	if (side.marking)
		next->to.wish.marking = side.marking;
	if (wish_read(&side, request->to, error))
		return -EINVAL;
	if (side.ice == TANDEM__RELAY__V1__TOGGLE__TOGGLE_OFF)
		next->from.wish.refuses_ice = true;
	if (side.opportunistic == TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON)
		next->from.wish.takes_keys = TANDEM__RELAY__V1__TOGGLE__TOGGLE_ON;
	if (request->to && request->to->setup)
		next->from.wish.setup = side.setup;
	if (side.hash[0])
		strcpy(next->from.wish.hash, side.hash);
	if (side.marking)
		next->from.wish.marking = side.marking;
	return 0;
}

/* Whether one profile may stand for the other. */
static bool are_alike(enum sdp_profile a, enum sdp_profile b)
{
	return sdp_profile_keying(a) == sdp_profile_keying(b) &&
	       sdp_profile_is_opportunistic(a) == sdp_profile_is_opportunistic(b);
}

/* What its m-lines are called towards who offered. */
static void name_profiles(struct exchange *next, const struct sdp *answer,
			  const Tandem__Relay__V1__AnswerRequest *request)
{
	for (unsigned int i = 0; i < next->from.plan_count; i++) {
		struct plan *plan = &next->from.plans[i];
		enum sdp_profile named =
			request->to ? (enum sdp_profile)request->to->profile : SDP_OTHER_PROFILE;

		if (!plan->lines)
			continue;
		if (!named && request->shows_profile)
			named = group_transport(plan->lines, answer)->profile;
		named = sdp_profile_keyed(named, sdp_profile_keying(plan->terms.profile));
		if (are_alike(named, plan->terms.profile))
			plan->terms.profile = named;
	}
}

static int prepare(struct answering *a, const Tandem__Relay__V1__AnswerRequest *request,
		   struct session_error *error)
{
	bool lenient = request->filter && request->filter->lenient;
	struct sdp *sdp = NULL;
	int result = -EINVAL;

	a->media = media_copy(a->call->media);
	if (exchange_copy(&a->next, a->exchange) || !a->media ||
	    party_set_label(a->exchange->to.party, request->label))
		return session_refuse(error, SESSION_INTERNAL, "no memory");
	if (read_sides(&a->next, request, error) ||
	    exchange_read_sdp(&sdp, request->sdp, request->filter, error))
		return -EINVAL;
	if (lenient && fill_answer(&sdp, a->exchange->sdp, error))
		goto out;
	if (plan_answer(&a->next, sdp, error))
		goto out;
	if (is_all_rejected(a) && !lenient) {
		session_refuse(error, SESSION_FAILED_PRECONDITION,
			       "the answer rejects every m-line; delete the call instead");
		goto out;
	}
	name_profiles(&a->next, sdp, request);
	media_take(a->media, a->exchange->sdp, sdp);
	a->sdp = exchange_write_sdp(&a->next, sdp, request->form, error);
	result = a->sdp ? plan_parties(a, request->to_tag, error) : -EINVAL;
out:
	sdp_free(sdp);
	return result;
}

static void push_changes(struct answering *a, struct push *push)
{
	struct paths before = paths_derive(a->call), now;
	struct plan *plan;

	a->first = !call_is_answered(a->call);
	put_in_force(a);
	session_end_at(a->call, 0);
	a->call->signalled = wall_clock_ms();
	a->call->revision++;
	now = paths_derive(a->call);
	for_each_plan(plan, a) if (accepted(plan)) push_leg(push, plan->leg);
	paths_push_anew(push, &before, &now);
	paths_free(&before);
	paths_free(&now);
}

static void again(struct session *s, const ProtobufCMessage *request, session_reply *reply,
		  void *arg)
{
	session_answer(s, (const Tandem__Relay__V1__AnswerRequest *)request, reply, arg);
}

void session_answer(struct session *s, const Tandem__Relay__V1__AnswerRequest *request,
		    session_reply *reply, void *arg)
{
	struct call *call = session_find_call(s, request->call_id);
	struct session_error error;
	struct exchange *x = NULL;
	struct answering *a;
	struct push *push;

	if (queue_wait(call, again, &request->base, reply, arg))
		return;
	if (find(s, call, &x, request, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	a = calloc(1, sizeof(*a));
	push = a ? push_begin(s, legs_pushed, NULL, a) : NULL;
	if (!push) {
		free(a);
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*a = (struct answering){.call = call, .exchange = x, .reply = reply, .arg = arg};
	queue_begin(call);
	if (prepare(a, request, &error)) {
		push_drop(push);
		reply(arg, NULL, &error);
		end(a);
		return;
	}
	if (is_all_rejected(a)) {
		push_drop(push);
		reply_sdp(a);
		end(a);
		return;
	}
	push_changes(a, push);
	push_end(push);
}
