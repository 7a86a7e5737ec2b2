/* SPDX-License-Identifier: BSD-3-Clause */
/* How an offer and a call end: answered, too late, taken back, forgotten. */
#include "controlplane/session/push.h"
#include "controlplane/session/session_state.h"
#include "dataplane/lib/log.h"

static void on_expiry(uv_timer_t *timer);

static void set_expiry(struct session *s)
{
	struct call *call = TAILQ_FIRST(&s->waiting);
	uint64_t now = uv_now(s->loop);

	if (!call)
		uv_timer_stop(&s->expiry);
	else
		uv_timer_start(&s->expiry, on_expiry, call->expires > now ? call->expires - now : 0,
			       0);
}

/* Every wait is as long as the others, so the queue is in order. */
void session_wait_for_answer(struct session *s, struct call *call)
{
	session_stop_waiting(s, call);
	call->expires = uv_now(s->loop) + s->config.offer_timeout_ms;
	call->waiting = true;
	TAILQ_INSERT_TAIL(&s->waiting, call, deadline);
	set_expiry(s);
}

void session_stop_waiting(struct session *s, struct call *call)
{
	if (!call->waiting)
		return;
	call->waiting = false;
	TAILQ_REMOVE(&s->waiting, call, deadline);
	set_expiry(s);
}

static void on_expiry(uv_timer_t *timer)
{
	struct session *s = timer->data;
	uint64_t now = uv_now(s->loop);
	struct call *call;

	while ((call = TAILQ_FIRST(&s->waiting)) && call->expires <= now) {
		if (call->busy || !s->ready) {
			session_wait_for_answer(s, call);
		} else if (!call->answered) {
			session_drop_call(s, call, "its offer was never answered");
		} else {
			log_info("call %s: the re-offer was never answered; the call goes on as it "
				 "was",
				 call->id);
			session_close_offer(s, call);
		}
	}
	set_expiry(s);
}

/*
 * Out of the tables, its legs too: a late event or reply makes nothing anew. It lives on as long as
 * somebody works on it.
 */
void session_forget_call(struct session *s, struct call *call)
{
	struct bridge *bridge;
	struct leg *leg;

	if (call->gone)
		return;
	call->gone = true;
	for_each_leg(leg, call) leg_retire(leg);
	session_stop_waiting(s, call);
	table_remove(&s->calls, &call->node);
	TAILQ_REMOVE(&s->by_age, call, entry);
	call_release(call);
}

static void delete_bridge(struct push *push, struct bridge *bridge)
{
	for (enum side side = SIDE_A; push && side < SIDES; side++)
		if (bridge->legs[side] && bridge->legs[side]->pushed)
			push_delete(push, bridge->legs[side]);
}

void session_drop_call(struct session *s, struct call *call, const char *why)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	struct bridge *bridge;

	log_info("call %s: deleted: %s", call->id, why);
	TAILQ_FOREACH (bridge, &call->bridges, entry)
		delete_bridge(push, bridge);
	if (push)
		push_end(push);
	session_forget_call(s, call);
}

void session_close_offer(struct session *s, struct call *call)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	struct bridge *bridge = TAILQ_FIRST(&call->bridges);

	offer_free(call->offer);
	call->offer = NULL;
	session_stop_waiting(s, call);
	while (bridge) {
		struct bridge *next = TAILQ_NEXT(bridge, entry);

		if (bridge->pending) {
			delete_bridge(push, bridge);
			bridge_free(bridge);
		}
		bridge = next;
	}
	if (push)
		push_end(push);
}
