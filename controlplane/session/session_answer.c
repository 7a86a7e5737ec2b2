/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verb answer: what was offered comes into force. First the legs are pushed as they will be,
 * then, when the dataplane has taken all of them, keys follow and what was rejected goes; if it
 * refuses one, all of them are pushed again as they were.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/session/describe.h"
#include "controlplane/session/keying.h"
#include "controlplane/session/plan.h"
#include "controlplane/session/push.h"
#include "controlplane/sdp/sdp_rewrite.h"
#include "dataplane/lib/log.h"

struct answering {
	struct call *call;
	struct offer next; /* a copy, whose plans hold what was before once they are in force */
	bool pending[SDP_MEDIA_MAX];
	unsigned int line_count; /* of the call before */
	bool first;              /* the call had no answer before */
	char *tag;               /* of B, when this answer names it */
	char *sdp;
	session_reply *reply;
	void *arg;
};

static void free_answering(struct answering *a)
{
	for (unsigned int i = 0; i < a->next.plan_count; i++)
		for (enum side side = SIDE_A; side < SIDES; side++)
			terms_wipe(&a->next.plans[i].terms[side]);
	free(a->next.plans);
	free(a->tag);
	sdp_text_free(a->sdp);
	call_release(a->call);
	free(a);
}

static int check_tags(const struct call *call, const Tandem__Relay__V1__AnswerRequest *request,
		      struct session_error *error)
{
	const char *to;

	if (!call->offer)
		return session_refuse(error, SESSION_FAILED_PRECONDITION,
				      "no offer of this call waits for an answer; offer first");
	to = call->tags[side_other(call->offer->from)];
	if (strcmp(request->from_tag, call->tags[call->offer->from]) != 0)
		return session_refuse(error, SESSION_FAILED_PRECONDITION,
				      "from_tag is not that of the open offer, \"%.60s\"; use it",
				      call->tags[call->offer->from]);
	if (to ? strcmp(request->to_tag, to) != 0 : strcmp(request->to_tag, request->from_tag) == 0)
		return session_refuse(error, SESSION_FAILED_PRECONDITION,
				      "to_tag \"%.60s\" is not the other participant of this call",
				      request->to_tag);
	return 0;
}

static int find_call(struct session *s, struct call **call,
		     const Tandem__Relay__V1__AnswerRequest *request, struct session_error *error)
{
	if (session_check_text("call_id", request->call_id, error) ||
	    session_check_text("from_tag", request->from_tag, error) ||
	    session_check_text("to_tag", request->to_tag, error))
		return -EINVAL;
	if (session_check_ready(s, error))
		return -EINVAL;
	*call = session_find_call(s, request->call_id);
	if (!*call)
		return session_refuse(error, SESSION_NOT_FOUND, "no call \"%s\"; offer first",
				      request->call_id);
	if ((*call)->busy)
		return session_refuse(error, SESSION_ALREADY_EXISTS,
				      "another request for this call is being served; wait for its "
				      "reply");
	return check_tags(*call, request, error);
}

/* --- in force, and back --------------------------------------------------------------------------
 */

static void swap_wishes(struct answering *a)
{
	struct wish before[SIDES];

	memcpy(before, a->call->wish, sizeof(before));
	memcpy(a->call->wish, a->next.wish, sizeof(before));
	memcpy(a->next.wish, before, sizeof(before));
}

static void put_in_force(struct answering *a)
{
	struct call *call = a->call;

	for (unsigned int i = 0; i < a->next.plan_count; i++) {
		struct plan *plan = &a->next.plans[i];

		a->pending[i] = plan->bridge->pending;
		if (!plan->lines)
			continue;
		plan_swap(plan);
		plan->bridge->pending = false;
		/* Media may flow from now on, from wherever a translator has it come. */
		for (enum side side = SIDE_A; side < SIDES; side++)
			plan->bridge->legs[side]->latch_epoch++;
	}
	swap_wishes(a);
	a->line_count = call->line_count;
	call->line_count = a->next.sdp->media_count;
	a->first = !call->answered;
	call->answered = true;
	if (a->first) {
		call->tags[SIDE_B] = a->tag;
		a->tag = NULL;
	}
}

/* Whether the plan is in force: a rejected one has no m-lines, and its bridge may be gone. */
static bool accepted(const struct plan *plan)
{
	return plan->lines && !plan->bridge->pending;
}

static void take_back(struct answering *a)
{
	struct call *call = a->call;
	struct push *push = push_begin(call->session, NULL, NULL, NULL);

	for (unsigned int i = 0; i < a->next.plan_count; i++) {
		struct plan *plan = &a->next.plans[i];

		if (!accepted(plan))
			continue;
		plan_swap(plan);
		plan->bridge->pending = a->pending[i];
	}
	swap_wishes(a);
	call->line_count = a->line_count;
	if (a->first) {
		free(call->tags[SIDE_B]);
		call->tags[SIDE_B] = NULL;
		call->answered = false;
	}
	for (unsigned int i = 0; push && i < a->next.plan_count; i++)
		for (enum side side = SIDE_A; a->next.plans[i].lines && side < SIDES; side++)
			push_leg(push, a->next.plans[i].bridge->legs[side]);
	if (push)
		push_end(push);
}

/* --- the second half -----------------------------------------------------------------------------
 */

static bool is_planned(const struct answering *a, const struct bridge *bridge)
{
	for (unsigned int i = 0; i < a->next.plan_count; i++)
		if (a->next.plans[i].bridge == bridge)
			return accepted(&a->next.plans[i]);
	return false;
}

/* Bridges whose m-lines were rejected, now or in the offer. */
static void remove_rejected(struct answering *a, struct push *push)
{
	struct bridge *bridge = TAILQ_FIRST(&a->call->bridges);

	while (bridge) {
		struct bridge *next = TAILQ_NEXT(bridge, entry);

		if (!is_planned(a, bridge)) {
			push_delete(push, bridge->legs[SIDE_A]);
			push_delete(push, bridge->legs[SIDE_B]);
			bridge_free(bridge);
		}
		bridge = next;
	}
}

static void forget_rejected_mids(const struct answering *a)
{
	uint32_t lines = 0;

	for (unsigned int i = 0; i < a->next.plan_count; i++)
		if (accepted(&a->next.plans[i]))
			lines |= a->next.plans[i].bridge->lines;
	for (unsigned int line = 0; line < a->call->line_count; line++)
		for (enum side side = SIDE_A; side < SIDES && !(lines & 1u << line); side++)
			mids_forget(&a->call->mids[side], line);
}

/* Which of them, nobody can tell; with the connection the resync sees which keys arrived. */
static void refuse_keys(struct call *call, int error, const char *what)
{
	struct bridge *bridge;

	if (error == -ENOTCONN)
		return;
	TAILQ_FOREACH (bridge, &call->bridges, entry)
		for (enum side side = SIDE_A; side < SIDES; side++)
			if (sdp_profile_has_sdes(bridge->legs[side]->terms.profile))
				keying_refused(bridge->legs[side], what);
}

static void finish(void *arg, int error, const char *what)
{
	struct answering *a = arg;
	Tandem__Relay__V1__AnswerReply reply = TANDEM__RELAY__V1__ANSWER_REPLY__INIT;

	a->call->busy = false;
	if (a->call->gone) {
		session_fail(a->reply, a->arg, SESSION_NOT_FOUND, "the call was deleted meanwhile");
	} else if (error) {
		refuse_keys(a->call, error, what);
		session_fail(a->reply, a->arg, push_status_code(error),
			     "the dataplane refused the keys: %s", what);
	} else {
		reply.sdp = a->sdp;
		a->reply(a->arg, &reply.base, NULL);
	}
	free_answering(a);
}

static void commit(struct answering *a, struct push *push)
{
	struct call *call = a->call;

	for (unsigned int i = 0; i < a->next.plan_count; i++) {
		struct plan *plan = &a->next.plans[i];

		for (enum side side = SIDE_A; accepted(plan) && side < SIDES; side++) {
			/* In this order: what DTLS leaves behind SDES may not inherit. */
			keying_agree_dtls(plan->bridge->legs[side], &plan->terms[side]);
			keying_push_sdes(push, plan->bridge->legs[side], &plan->terms[side]);
		}
	}
	remove_rejected(a, push);
	forget_rejected_mids(a);
	session_stop_waiting(call->session, call);
	offer_free(call->offer);
	call->offer = NULL;
}

static void legs_pushed(void *arg, int error, const char *what)
{
	struct answering *a = arg;
	struct call *call = a->call;
	struct push *push = NULL;

	if (call->gone) {
		finish(a, 0, "");
		return;
	}
	if (!error) {
		push = push_begin(call->session, finish, NULL, a);
		if (!push) {
			error = -ENOMEM;
			what = strerror(ENOMEM);
		}
	}
	if (error) {
		take_back(a);
		call->busy = false;
		session_fail(a->reply, a->arg, push_status_code(error), "the dataplane refused: %s",
			     what);
		free_answering(a);
		return;
	}
	commit(a, push);
	push_end(push);
}

/* --- the first half ------------------------------------------------------------------------------
 */

static bool all_rejected(const struct offer *offer)
{
	for (unsigned int i = 0; i < offer->plan_count; i++)
		if (offer->plans[i].lines)
			return false;
	return true;
}

static int prepare(struct answering *a, const Tandem__Relay__V1__AnswerRequest *request,
		   struct session_error *error)
{
	struct sdp *sdp = NULL;
	int result = -EINVAL;

	if (plan_copy(&a->next, a->call->offer) || !(a->tag = strdup(request->to_tag)))
		return session_refuse(error, SESSION_INTERNAL, "no memory");
	if (session_read_sdp(&sdp, request->sdp, error))
		return -EINVAL;
	if (plan_answer(&a->next, sdp, error))
		goto out;
	if (all_rejected(&a->next)) {
		session_refuse(error, SESSION_FAILED_PRECONDITION,
			       "the answer rejects every m-line; delete the call instead");
		goto out;
	}
	a->sdp = describe(&a->next, sdp, error);
	result = a->sdp ? 0 : -EINVAL;
out:
	sdp_free(sdp);
	return result;
}

void session_answer(struct session *s, const Tandem__Relay__V1__AnswerRequest *request,
		    session_reply *reply, void *arg)
{
	struct session_error error;
	struct answering *a;
	struct push *push;
	struct call *call = NULL;

	if (find_call(s, &call, request, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	a = calloc(1, sizeof(*a));
	if (!a) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	a->call = call_hold(call);
	a->reply = reply;
	a->arg = arg;
	if (prepare(a, request, &error)) {
		reply(arg, NULL, &error);
		free_answering(a);
		return;
	}
	push = push_begin(s, legs_pushed, NULL, a);
	if (!push) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		free_answering(a);
		return;
	}
	call->busy = true;
	put_in_force(a);
	for (unsigned int i = 0; i < a->next.plan_count; i++)
		for (enum side side = SIDE_A; accepted(&a->next.plans[i]) && side < SIDES; side++)
			push_leg(push, a->next.plans[i].bridge->legs[side]);
	push_end(push);
}
