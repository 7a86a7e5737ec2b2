/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether calls can be made, and who is told when that changes. */
#include "controlplane/session/session_state.h"

void session_watch_ready(struct session *s, void (*changed)(void *arg, bool ready), void *arg)
{
	s->changed = changed;
	s->changed_arg = arg;
}

void session_set_ready(struct session *s, bool ready)
{
	if (s->ready == ready)
		return;
	s->ready = ready;
	session_notify_ready(s);
}

void session_notify_ready(struct session *s)
{
	if (s->changed)
		s->changed(s->changed_arg, s->ready && !s->audit.full);
}

int session_check_ready(const struct session *s, struct session_error *error)
{
	if (s->ready)
		return 0;
	return session_refuse(error, SESSION_UNAVAILABLE, SESSION_AWAY);
}
