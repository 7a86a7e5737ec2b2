/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that were deleted with a delay: each ends at its time. */
#include "controlplane/lib/wall_clock.h"
#include "controlplane/session/session_state.h"

#define SOON_MS 1000 /* until it is tried again, when a call cannot be deleted now */

static void on_time(uv_timer_t *timer);

static void set_timer(struct session *s)
{
	const struct call *call = TAILQ_FIRST(&s->endings);
	uint64_t now = wall_clock_ms();

	if (!call)
		uv_timer_stop(&s->ending);
	else if (!s->ready)
		uv_timer_start(&s->ending, on_time, SOON_MS, 0);
	else
		uv_timer_start(&s->ending, on_time, call->ends > now ? call->ends - now : 0, 0);
}

static void on_time(uv_timer_t *timer)
{
	struct session *s = timer->data;
	struct call *call;

	while (s->ready && (call = TAILQ_FIRST(&s->endings)) && call->ends <= wall_clock_ms()) {
		if (call->busy)
			session_end_at(call, wall_clock_ms() + SOON_MS);
		else
			session_drop_call(s, call, CALL_END(DELETED),
					  "it was deleted, and its delay is over");
	}
	set_timer(s);
}

void session_end_at(struct call *call, uint64_t ends)
{
	struct session *s = call->session;
	struct call *before;

	if (call->ends == ends)
		return;
	if (call->ends)
		TAILQ_REMOVE(&s->endings, call, ending);
	call->ends = ends;
	if (ends) {
		/* Most delays are alike: its place is at the end, or near. */
		before = TAILQ_LAST(&s->endings, call_list);
		while (before && before->ends > ends)
			before = TAILQ_PREV(before, call_list, ending);
		if (before)
			TAILQ_INSERT_AFTER(&s->endings, before, call, ending);
		else
			TAILQ_INSERT_HEAD(&s->endings, call, ending);
	}
	set_timer(s);
}
