/* SPDX-License-Identifier: BSD-3-Clause */
/* How a call ends: forgotten, or dropped without anybody's wish. */
#include "controlplane/session/exchange.h"
#include "controlplane/session/push.h"
#include "controlplane/session/session_state.h"
#include "dataplane/lib/log.h"

/*
 * Out of the tables, its legs too: a late event or reply makes nothing anew. It lives on as long as
 * somebody works on it.
 */
void session_forget_call(struct session *s, struct call *call)
{
	struct party *party;
	struct exchange *x;
	struct leg *leg;

	if (call->gone)
		return;
	call->gone = true;
	for_each_leg(leg, call) leg_retire(leg);
	while ((x = TAILQ_FIRST(&call->exchanges)) && !call->busy)
		exchange_free(x);
	if (call->ends)
		TAILQ_REMOVE(&s->endings, call, ending);
	call->ends = 0;
	session_remove_call(s, call);
	call_release(call);
}

static enum counts_end end_of(const struct call *call)
{
	if (call->ends)
		return COUNTS_DELETED;
	return call_is_answered(call) ? COUNTS_DROPPED : COUNTS_UNANSWERED;
}

void session_drop_call(struct session *s, struct call *call, const char *why)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	struct party *party;
	struct leg *leg;

	log_info("call %s: deleted: %s", call->id, why);
	watch_call(WATCH(ENDED), call, why);
	counts_end_call(call, end_of(call));
	if (push) {
		for_each_leg(leg, call)
		{
			if (leg->pushed)
				push_delete(push, leg);
		}
		push_forget_call(push, call);
		push_end(push);
	}
	session_forget_call(s, call);
}
