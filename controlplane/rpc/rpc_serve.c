/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/lib/arena.h"
#include "controlplane/lib/pseudonym.h"
#include "controlplane/rpc/rpc_transport.h"

bool rpc_find(struct rpc_call *call, const struct rpc_service *services, unsigned count,
	      const char *path, size_t length)
{
	for (unsigned i = 0; i < count; i++) {
		for (unsigned j = 0; j < services[i].count; j++) {
			const struct rpc_method *method = &services[i].methods[j];

			if (strlen(method->path) != length || memcmp(method->path, path, length))
				continue;
			call->method = method;
			call->arg = services[i].arg;
			call->count = services[i].counts ? &services[i].counts[j] : NULL;
			return true;
		}
	}
	return false;
}

/* Once for each call; a stream is one that went well, whatever ends it. */
static void count(struct rpc_call *call, grpc_status_code code)
{
	if (call->count && !call->counted && (unsigned int)code < RPC_CODES)
		call->count->codes[code]++;
	call->counted = true;
}

/* Ends the call of who may not have it; `line` says whether the audit has that. */
static void refuse(struct rpc_call *call, grpc_status_code code, const char *text, bool line)
{
	if (line)
		access_audit(call->access, &call->who, call->method->path, NULL, code, text);
	count(call, code);
	call->transport->fail(call, code, text);
}

bool rpc_admit(struct rpc_call *call)
{
	const struct rpc_method *method = call->method;
	char text[256];

	if (role_may(call->who.role, method->role))
		return true;
	if (call->who.role != ROLE_NOBODY) {
		snprintf(text, sizeof(text), "%.100s is %s here: it takes %s to do that",
			 call->who.name, role_name(call->who.role), role_name(method->role));
		refuse(call, GRPC_STATUS_PERMISSION_DENIED, text,
		       access_denied(call->access, &call->who));
		return false;
	}
	access_explain(&call->who, call->error, text, sizeof(text));
	if (call->error == -EBUSY)
		refuse(call, GRPC_STATUS_RESOURCE_EXHAUSTED, text, false);
	else
		refuse(call, GRPC_STATUS_UNAUTHENTICATED, text, true);
	return false;
}

void rpc_serve(struct rpc_call *call, const ProtobufCMessage *request)
{
	if (!rpc_admit(call))
		return;
	call->request = request;
	call->method->handle(call, request, call->arg);
}

const struct identity *rpc_identity(const struct rpc_call *call)
{
	return &call->who;
}

/* Once for each call that changes something, with what came of it. A stream did what was asked. */
static void audit(struct rpc_call *call, grpc_status_code code, const char *text)
{
	if (call->request && call->method->changes && !call->audited)
		access_audit(call->access, &call->who, call->method->path, call->request, code,
			     text);
	call->audited = true;
}

/* Who only looks sees no participant's address where privacy is on. NULL without memory. */
static const ProtobufCMessage *show(const struct rpc_call *call, struct arena *arena,
				    const ProtobufCMessage *message)
{
	return role_may(call->who.role, ROLE_OPERATOR) ? message : pseudonym_copy(arena, message);
}

void rpc_reply(struct rpc_call *call, const ProtobufCMessage *reply)
{
	struct arena arena = {NULL};
	const ProtobufCMessage *shown = show(call, &arena, reply);

	audit(call, GRPC_STATUS_OK, "");
	count(call, GRPC_STATUS_OK);
	if (shown)
		call->transport->reply(call, shown);
	else
		call->transport->fail(call, GRPC_STATUS_INTERNAL, "no memory for the reply");
	arena_clear(&arena);
}

void rpc_fail(struct rpc_call *call, grpc_status_code code, const char *text)
{
	audit(call, code, text);
	count(call, code);
	call->transport->fail(call, code, text);
}

void rpc_stream(struct rpc_call *call, void (*closed)(void *arg), void *arg)
{
	audit(call, GRPC_STATUS_OK, "");
	count(call, GRPC_STATUS_OK);
	call->transport->stream(call, closed, arg);
}

/* A message that there is no memory for is missing: the stream of who has to have all of them ends.
 */
void rpc_stream_send(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct arena arena = {NULL};
	const ProtobufCMessage *shown = show(call, &arena, message);

	if (shown)
		call->transport->send(call, shown);
	arena_clear(&arena);
}

void rpc_stream_append(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct arena arena = {NULL};
	const ProtobufCMessage *shown = show(call, &arena, message);

	if (shown)
		call->transport->append(call, shown);
	else
		call->transport->cut(call, GRPC_STATUS_RESOURCE_EXHAUSTED,
				     "no memory for the next message");
	arena_clear(&arena);
}

unsigned rpc_stream_waiting(const struct rpc_call *call)
{
	return call->transport->waiting ? call->transport->waiting(call) : 0;
}
