/* SPDX-License-Identifier: BSD-3-Clause */
/* How an exchange ends: by time, withdrawn, or since another one takes its place. */
#include "controlplane/session/exchange.h"
#include "controlplane/session/leaving.h"
#include "controlplane/session/push.h"
#include "controlplane/session/session_state.h"
#include "controlplane/session/watch.h"
#include "dataplane/lib/log.h"

/* --- time ------------------------------------------------------------------------------------ */

static void on_expiry(uv_timer_t *timer);

static void set_expiry(struct session *s)
{
	struct exchange *x = TAILQ_FIRST(&s->waiting);
	uint64_t now = uv_now(s->loop);

	if (!x)
		uv_timer_stop(&s->expiry);
	else
		uv_timer_start(&s->expiry, on_expiry, x->expires > now ? x->expires - now : 0, 0);
}

/* Every wait is as long as the others, so the queue is in order. */
void exchange_wait(struct exchange *x)
{
	struct session *s = x->call->session;

	exchange_stop_waiting(x);
	x->expires = uv_now(s->loop) + s->config.offer_timeout_ms;
	x->waiting = true;
	TAILQ_INSERT_TAIL(&s->waiting, x, deadline);
	set_expiry(s);
}

static void on_expiry(uv_timer_t *timer)
{
	struct session *s = timer->data;
	uint64_t now = uv_now(s->loop);
	struct exchange *x;

	while ((x = TAILQ_FIRST(&s->waiting)) && x->expires <= now) {
		/* It ended while a request was being served, and somebody holds it still. */
		if (x->call->gone && !x->call->busy)
			exchange_free(x);
		else if (x->call->busy || !s->ready)
			exchange_wait(x);
		else if (x->answered)
			exchange_close(x);
		else
			exchange_withdraw(x, "it was never answered");
	}
	set_expiry(s);
}

/* --- without an answer ----------------------------------------------------------------------- */

/* True: the party was there for an exchange that is over. */
static bool is_left_over(const struct party *party)
{
	const struct exchange *x;

	if (party->answered || !TAILQ_EMPTY(&party->legs))
		return false;
	TAILQ_FOREACH (x, &party->call->exchanges, entry)
		if (x->from.party == party || x->to.party == party)
			return false;
	return true;
}

void exchange_sweep(struct call *call, struct push *push)
{
	struct party *party = TAILQ_FIRST(&call->parties);

	while (party) {
		struct party *next = TAILQ_NEXT(party, entry);
		struct leg *leg = TAILQ_FIRST(&party->legs);

		while (leg) {
			struct leg *after = TAILQ_NEXT(leg, entry);

			if (leg->pending && !exchange_names(call, leg)) {
				if (push && leg->pushed)
					leaving_delete_leg(push, leg);
				party->answered ? leg_leave(leg) : leg_free(leg);
			}
			leg = after;
		}
		if (is_left_over(party)) {
			leaving_party(party);
			party_free(party);
		}
		party = next;
	}
}

void exchange_close(struct exchange *x)
{
	struct call *call = x->call;
	struct push *push = push_begin(call->session, NULL, NULL, NULL);

	exchange_free(x);
	exchange_sweep(call, push);
	counts_settle(call);
	if (!push)
		return;
	/* Nobody is left: neither is the call. */
	if (TAILQ_EMPTY(&call->parties))
		push_forget_call(push, call);
	else
		push_call(push, call);
	push_end(push);
}

void exchange_withdraw(struct exchange *x, const char *why)
{
	struct call *call = x->call;

	log_info("call %s: the offer to \"%s\" ends: %s", call->id, party_name(x->to.party), why);
	watch_party(WATCH(WITHDRAWN), x->from.party ? x->from.party : x->to.party, why);
	if (!call_is_answered(call) && TAILQ_FIRST(&call->exchanges) == x && !TAILQ_NEXT(x, entry))
		session_drop_call(call->session, call, CALL_END(UNANSWERED), why);
	else
		exchange_close(x);
}
