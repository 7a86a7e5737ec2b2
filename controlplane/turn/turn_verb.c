/* SPDX-License-Identifier: BSD-3-Clause */
/* What the verbs share. */
#include <stdio.h>

#include "controlplane/lib/utf8.h"
#include "controlplane/turn/turn_state.h"

bool turn_verb_served(const struct turn_server *t, session_reply *reply, void *arg)
{
	if (t->config.listen_count || t->config.gate_count)
		return true;
	session_fail(reply, arg, SESSION_FAILED_PRECONDITION,
		     "TURN is not configured; give [turn] listen, and restart the control plane");
	return false;
}

bool turn_verb_answered(session_reply *reply, void *arg, int error,
			const Tandem__Dataplane__V1__Reply *in)
{
	if (!in)
		session_fail(reply, arg, SESSION_UNAVAILABLE, SESSION_AWAY);
	else if (error)
		session_fail(reply, arg, SESSION_INTERNAL, "the dataplane refused: %s", in->what);
	else
		return true;
	return false;
}

void turn_verb_user(char *name, const ProtobufCBinaryData *username)
{
	turn_name_of(name, username);
	if (utf8_is_valid(name))
		return;
	for (; *name; name++)
		if (*name & 0x80)
			*name = '?';
}

void turn_verb_ask(struct turn_server *t, uint64_t after, uint32_t most, client_reply *reply,
		   void *arg)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetAllocations get = TANDEM__DATAPLANE__V1__GET_ALLOCATIONS__INIT;

	get.after = after;
	get.most = most;
	message.get_allocations = &get;
	client_request(t->client, &message, reply, arg);
}
