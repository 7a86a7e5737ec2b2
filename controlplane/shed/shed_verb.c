/* SPDX-License-Identifier: BSD-3-Clause */
/* What the verbs that show share. */
#include "controlplane/shed/shed_state.h"

bool shed_verb_answered(session_reply *reply, void *arg, int error,
			const Tandem__Dataplane__V1__Reply *in)
{
	if (!in)
		session_fail(reply, arg, SESSION_UNAVAILABLE, SESSION_AWAY);
	else if (error || !in->shed)
		session_fail(reply, arg, SESSION_INTERNAL, "the dataplane refused: %s", in->what);
	else
		return true;
	return false;
}

unsigned int shed_verb_count(unsigned int wanted, unsigned int fallback, unsigned int most)
{
	if (!wanted)
		return fallback;
	return wanted < most ? wanted : most;
}
