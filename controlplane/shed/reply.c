/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/shed/reply.h"

#include <stdlib.h>
#include <string.h>

bool reply_is_there(session_reply *reply, void *arg, int error,
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

unsigned int reply_count(unsigned int wanted, unsigned int fallback, unsigned int most)
{
	if (!wanted)
		return fallback;
	return wanted < most ? wanted : most;
}

void *reply_room(size_t count)
{
	return calloc(count + 1, sizeof(void *));
}

void *reply_add(void *list, size_t *count, const ProtobufCMessageDescriptor *type)
{
	void **messages = *(void ***)list;
	ProtobufCMessage *message = messages ? calloc(1, type->sizeof_message) : NULL;

	if (!message)
		return NULL;
	protobuf_c_message_init(type, message);
	messages[(*count)++] = message;
	return message;
}

void reply_set(char **field, const char *text)
{
	char *copy = strdup(text);

	if (copy)
		*field = copy;
}
