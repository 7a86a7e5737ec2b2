/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb history: the last hour of the relay as a whole. */
#include "controlplane/lib/arena.h"
#include "controlplane/session/session_state.h"

static void add(Tandem__Relay__V1__HistoryReply *reply, struct arena *arena, const struct moment *m)
{
	Tandem__Relay__V1__Moment *out = arena_add(arena, &reply->moments, &reply->n_moments,
						   &tandem__relay__v1__moment__descriptor);

	if (!out)
		return;
	out->time_ms = m->time_ms;
	out->calls = m->calls;
	out->legs = m->legs;
	out->received_pps = m->received;
	out->sent_pps = m->sent;
	out->dropped_pps = m->dropped;
	out->mos = (uint32_t *)m->mos;
	out->n_mos = RATED_BINS;
	out->busy = arena_take(arena, (m->workers + 1) * sizeof(out->busy[0]));
	for (; out->busy && out->n_busy < m->workers; out->n_busy++)
		out->busy[out->n_busy] = m->busy[out->n_busy];
}

void session_history(struct session *s, const Tandem__Relay__V1__HistoryRequest *request,
		     session_reply *reply, void *arg)
{
	Tandem__Relay__V1__HistoryReply history = TANDEM__RELAY__V1__HISTORY_REPLY__INIT;
	struct arena arena = {NULL};
	const struct moment *m;

	for (unsigned int k = 0; (m = history_moment(&s->history, k)); k++)
		if (m->time_ms > request->after_ms)
			add(&history, &arena, m);
	if (arena.failed)
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
	else
		reply(arg, &history.base, NULL);
	arena_clear(&arena);
}
