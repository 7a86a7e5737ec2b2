/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/queue.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/api/cleanse.h"

struct request {
	TAILQ_ENTRY(request) entry;
	queue_verb *verb;
	ProtobufCMessage *message;
	session_reply *reply;
	void *arg;
};

/* It may hold keys, as SDPs do. */
static ProtobufCMessage *copy_message(const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *octets = malloc(size + 1);
	ProtobufCMessage *copy;

	if (!octets)
		return NULL;
	protobuf_c_message_pack(message, octets);
	copy = protobuf_c_message_unpack(message->descriptor, &cleanse_allocator, size, octets);
	explicit_bzero(octets, size);
	free(octets);
	return copy;
}

bool queue_wait(struct call *call, queue_verb *verb, const ProtobufCMessage *message,
		session_reply *reply, void *arg)
{
	struct request *request;

	if (!call || !call->busy)
		return false;
	if (call->request_count >= QUEUE_MOST) {
		session_fail(reply, arg, SESSION_RESOURCE_EXHAUSTED,
			     "%u requests for this call wait already; send fewer at once",
			     call->request_count);
		return true;
	}
	request = calloc(1, sizeof(*request));
	if (request)
		request->message = copy_message(message);
	if (!request || !request->message) {
		free(request);
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return true;
	}
	request->verb = verb;
	request->reply = reply;
	request->arg = arg;
	call->request_count++;
	TAILQ_INSERT_TAIL(&call->requests, request, entry);
	return true;
}

void queue_begin(struct call *call)
{
	call->busy = true;
	call_hold(call);
}

void queue_end(struct call *call)
{
	struct request *request;

	call->busy = false;
	/* Each of them finds the call by its id, or that it is gone. */
	while (!call->busy && (request = TAILQ_FIRST(&call->requests))) {
		TAILQ_REMOVE(&call->requests, request, entry);
		call->request_count--;
		request->verb(call->session, request->message, request->reply, request->arg);
		protobuf_c_message_free_unpacked(request->message, &cleanse_allocator);
		free(request);
	}
	call_release(call);
}
