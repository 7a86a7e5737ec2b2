/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/rpc_call.h"

#include <grpc/slice.h>
#include <stdio.h>
#include <stdlib.h>

#include "controlplane/rpc/message.h"
#include "controlplane/rpc/rpc_buffer.h"
#include "controlplane/rpc/rpc_identify.h"
#include "controlplane/rpc/rpc_transport.h"
#include "dataplane/lib/log.h"

#define ACCEPTING_MAX 32
#define OPEN_MAX      64 /* requests in flight that anybody may make */

/* A message that waits for those before it. */
struct waiting {
	STAILQ_ENTRY(waiting) link;
	grpc_byte_buffer *message;
};

/*
 * A call lives while gRPC has an event of it, or while a handler holds it. Whichever lets go
 * last frees it, so that neither a late answer nor a late event meets freed memory.
 */
struct rpc_remote {
	struct rpc_call call; /* for the services */
	struct rpc *rpc;      /* NULL once the server is gone */
	LIST_ENTRY(rpc_remote) link;
	grpc_call *core;
	grpc_call_details details;
	grpc_metadata_array metadata;

	ProtobufCMessage *request;
	void (*closed)(void *arg);
	void *closed_arg;

	unsigned pending;  /* events in gRPC's hands */
	bool held;         /* a handler owes an answer */
	unsigned *counted; /* where of the server's it counts; NULL: nowhere yet */
	bool gone;         /* nothing more can be sent */
	struct rpc_event accept, receive, close, send;

	/* Written by gRPC while it has the event. */
	grpc_byte_buffer *received;
	int cancelled;

	grpc_byte_buffer *sending; /* with the event `send` */
	bool headers_sent, is_sending;
	struct {
		STAILQ_HEAD(, waiting) messages;
		unsigned count;
		bool ends; /* after the messages */
		grpc_status_code code;
		grpc_slice text;
	} next; /* goes out when nothing is being sent */
};

/* Takes a message that packed well; false without memory. */
static bool enqueue(struct rpc_remote *call, grpc_byte_buffer *message)
{
	struct waiting *waiting = message ? malloc(sizeof(*waiting)) : NULL;

	if (!waiting) {
		if (message)
			grpc_byte_buffer_destroy(message);
		return false;
	}
	waiting->message = message;
	STAILQ_INSERT_TAIL(&call->next.messages, waiting, link);
	call->next.count++;
	return true;
}

/* The message that waits longest; NULL if none does. */
static grpc_byte_buffer *dequeue(struct rpc_remote *call)
{
	struct waiting *waiting = STAILQ_FIRST(&call->next.messages);
	grpc_byte_buffer *message;

	if (!waiting)
		return NULL;
	STAILQ_REMOVE_HEAD(&call->next.messages, link);
	call->next.count--;
	message = waiting->message;
	free(waiting);
	return message;
}

static void drop_waiting(struct rpc_remote *call)
{
	grpc_byte_buffer *message;

	while ((message = dequeue(call)))
		grpc_byte_buffer_destroy(message);
}

static void call_free(struct rpc_remote *call)
{
	struct rpc *rpc = call->rpc;

	if (call->core) {
		if (rpc)
			LIST_REMOVE(call, link);
		grpc_call_unref(call->core);
	}
	if (call->counted && rpc)
		--*call->counted;
	grpc_call_details_destroy(&call->details);
	grpc_metadata_array_destroy(&call->metadata);
	message_free(call->request);
	rpc_buffer_free(call->received);
	drop_waiting(call);
	grpc_slice_unref(call->next.text);
	free(call);
	if (rpc)
		rpc_call_accept(rpc);
}

static void release(struct rpc_remote *call)
{
	if (!call->pending && !call->held)
		call_free(call);
}

/* Gives gRPC a batch of operations whose end is `event`. */
static void start(struct rpc_remote *call, const grpc_op *ops, size_t count,
		  struct rpc_event *event)
{
	grpc_call_error error = grpc_call_start_batch(call->core, ops, count, event, NULL);

	if (error == GRPC_CALL_OK) {
		call->pending++;
		call->rpc->pending++;
		return;
	}
	log_error("rpc: gRPC refuses a batch: %s", grpc_call_error_to_string(error));
	call->gone = true;
	grpc_call_cancel(call->core, NULL);
}

/* Sends what is next, unless gRPC is still busy with what was before it. */
static void pump(struct rpc_remote *call)
{
	grpc_op ops[3] = {0};
	unsigned count = 0;

	if (call->gone || call->is_sending || !(call->next.count || call->next.ends))
		return;
	if (!call->headers_sent)
		ops[count++].op = GRPC_OP_SEND_INITIAL_METADATA;
	call->headers_sent = true;
	call->sending = dequeue(call);
	if (call->sending) {
		ops[count].op = GRPC_OP_SEND_MESSAGE;
		ops[count++].data.send_message.send_message = call->sending;
	}
	if (call->next.ends && !call->next.count) {
		ops[count].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
		ops[count].data.send_status_from_server.status = call->next.code;
		ops[count++].data.send_status_from_server.status_details = &call->next.text;
		call->next.ends = false;
	}
	call->is_sending = true;
	start(call, ops, count, &call->send);
}

static void on_send(struct rpc_event *event)
{
	struct rpc_remote *call = rpc_event_owner(event, struct rpc_remote, send);

	call->pending--;
	call->is_sending = false;
	if (call->sending)
		grpc_byte_buffer_destroy(call->sending);
	call->sending = NULL;
	pump(call);
	release(call);
}

/* The end of every call: the status went out, the peer went away, or the deadline passed. */
static void on_close(struct rpc_event *event)
{
	struct rpc_remote *call = rpc_event_owner(event, struct rpc_remote, close);
	void (*closed)(void *arg) = call->closed;

	call->pending--;
	call->gone = true;
	if (closed) {
		call->closed = NULL;
		call->held = false;
		closed(call->closed_arg);
	}
	release(call);
}

/* The handler lets go of the call. */
static void finish(struct rpc_remote *call, grpc_status_code code, const char *text)
{
	call->held = false;
	call->closed = NULL;
	call->next.ends = true;
	call->next.code = code;
	grpc_slice_unref(call->next.text);
	call->next.text = grpc_slice_from_copied_string(text);
	pump(call);
	release(call);
}

static struct rpc_remote *remote_of(struct rpc_call *call)
{
	return (struct rpc_remote *)((char *)call - offsetof(struct rpc_remote, call));
}

static void reply(struct rpc_call *served, const ProtobufCMessage *message)
{
	struct rpc_remote *call = remote_of(served);

	if (enqueue(call, rpc_buffer_pack(message)))
		finish(call, GRPC_STATUS_OK, "");
	else
		finish(call, GRPC_STATUS_INTERNAL, "no memory for the reply");
}

static void fail(struct rpc_call *served, grpc_status_code code, const char *text)
{
	struct rpc_remote *call = remote_of(served);

	drop_waiting(call);
	finish(call, code, text);
}

static void stream(struct rpc_call *served, void (*closed)(void *arg), void *arg)
{
	struct rpc_remote *call = remote_of(served);

	call->closed = closed;
	call->closed_arg = arg;
}

static void stream_send(struct rpc_call *served, const ProtobufCMessage *message)
{
	struct rpc_remote *call = remote_of(served);

	drop_waiting(call);
	enqueue(call, rpc_buffer_pack(message));
	pump(call);
}

/* Its status overtakes what the peer's window has no room for. on_close() follows. */
static void cut_off(struct rpc_remote *call, grpc_status_code code, const char *text)
{
	drop_waiting(call);
	call->gone = true;
	grpc_call_cancel_with_status(call->core, code, text, NULL);
}

static void stream_cut(struct rpc_call *served, grpc_status_code code, const char *text)
{
	cut_off(remote_of(served), code, text);
}

static void stream_append(struct rpc_call *served, const ProtobufCMessage *message)
{
	struct rpc_remote *call = remote_of(served);

	if (call->gone)
		return;
	if (call->next.count == RPC_WAITING_MAX || !enqueue(call, rpc_buffer_pack(message)))
		cut_off(call, GRPC_STATUS_RESOURCE_EXHAUSTED,
			"the stream ends here: its reader does not keep up with it");
	else
		pump(call);
}

static unsigned stream_waiting(const struct rpc_call *served)
{
	const struct rpc_remote *call =
		(const struct rpc_remote *)((const char *)served -
					    offsetof(struct rpc_remote, call));

	return call->next.count;
}

static const struct rpc_transport by_grpc = {reply,         fail,       stream,        stream_send,
					     stream_append, stream_cut, stream_waiting};

static void on_receive(struct rpc_event *event)
{
	struct rpc_remote *call = rpc_event_owner(event, struct rpc_remote, receive);

	call->pending--;
	call->request = rpc_buffer_unpack(call->call.method->request, call->received);
	call->received = NULL;
	if (call->gone)
		release(call);
	else if (call->rpc->stopping)
		fail(&call->call, GRPC_STATUS_UNAVAILABLE, "the relay is stopping");
	else if (!call->request)
		fail(&call->call, GRPC_STATUS_INVALID_ARGUMENT,
		     "the request does not decode: is it made from this relay.proto?");
	else {
		call->held = true;
		rpc_serve(&call->call, call->request);
	}
}

/* What anybody may ask is bounded by itself: nobody who is known has to wait for a place. */
static unsigned *room_for(struct rpc_remote *call)
{
	struct rpc *rpc = call->rpc;
	bool open = call->call.method->role == ROLE_ANYBODY;
	unsigned *count = open ? &rpc->open_in_flight : &rpc->in_flight;
	unsigned most = open && OPEN_MAX < rpc->calls_max ? OPEN_MAX : rpc->calls_max;
	char text[128];

	if (*count < most)
		return count;
	snprintf(text, sizeof(text), "%u requests are in flight, the most allowed: try again later",
		 *count);
	fail(&call->call, GRPC_STATUS_RESOURCE_EXHAUSTED, text);
	return NULL;
}

static void admit(struct rpc_remote *call)
{
	struct rpc *rpc = call->rpc;
	const grpc_slice *path = &call->details.method;
	unsigned *room;

	if (rpc->stopping) {
		fail(&call->call, GRPC_STATUS_UNAVAILABLE, "the relay is stopping");
	} else if (!rpc_find(&call->call, rpc->services, rpc->service_count,
			     (const char *)GRPC_SLICE_START_PTR(*path), GRPC_SLICE_LENGTH(*path))) {
		fail(&call->call, GRPC_STATUS_UNIMPLEMENTED, "the relay has no such method");
	} else if ((room = room_for(call))) {
		const grpc_op op = {.op = GRPC_OP_RECV_MESSAGE,
				    .data.recv_message.recv_message = &call->received};

		rpc_identify(&call->call, call->core, &call->metadata, &rpc->locals);
		if (!rpc_admit(&call->call))
			return;
		call->counted = room;
		++*room;
		start(call, &op, 1, &call->receive);
	}
}

static void on_accept(struct rpc_event *event)
{
	struct rpc_remote *call = rpc_event_owner(event, struct rpc_remote, accept);
	const grpc_op op = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
			    .data.recv_close_on_server.cancelled = &call->cancelled};

	call->rpc->accepting--;
	if (!event->ok) { /* the server shuts down */
		call->core = NULL;
		call_free(call);
		return;
	}
	LIST_INSERT_HEAD(&call->rpc->calls, call, link);
	start(call, &op, 1, &call->close);
	rpc_call_accept(call->rpc);
	admit(call);
}

static struct rpc_remote *call_alloc(struct rpc *rpc)
{
	struct rpc_remote *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->rpc = rpc;
	call->call.transport = &by_grpc;
	call->call.access = rpc->access;
	call->accept.handle = on_accept;
	call->receive.handle = on_receive;
	call->close.handle = on_close;
	call->send.handle = on_send;
	STAILQ_INIT(&call->next.messages);
	call->next.text = grpc_empty_slice();
	grpc_call_details_init(&call->details);
	grpc_metadata_array_init(&call->metadata);
	return call;
}

void rpc_call_accept(struct rpc *rpc)
{
	while (!rpc->stopping && rpc->accepting < ACCEPTING_MAX) {
		struct rpc_remote *call = call_alloc(rpc);

		/* Without memory the next call that is freed comes back here. */
		if (!call)
			return;
		if (grpc_server_request_call(rpc->server, &call->core, &call->details,
					     &call->metadata, rpc->queue, rpc->queue,
					     &call->accept) != GRPC_CALL_OK) {
			log_error("rpc: gRPC accepts no further calls");
			call->rpc = NULL;
			call_free(call);
			return;
		}
		rpc->accepting++;
		rpc->pending++;
	}
}

static void end_stream(struct rpc_remote *call, grpc_status_code code, const char *text)
{
	void (*closed)(void *arg) = call->closed;
	void *arg = call->closed_arg;

	fail(&call->call, code, text);
	closed(arg);
}

void rpc_call_end_streams(struct rpc *rpc)
{
	struct rpc_remote *call, *after;

	for (call = LIST_FIRST(&rpc->calls); call; call = after) {
		after = LIST_NEXT(call, link);
		if (call->closed)
			end_stream(call, GRPC_STATUS_UNAVAILABLE, "the relay is stopping");
	}
}

/* Whether who has the stream could open it now. */
static bool may_go_on(struct rpc_remote *call)
{
	enum role least = call->call.method->role;
	struct rpc_call now = call->call;

	if (least == ROLE_ANYBODY)
		return true;
	rpc_identify(&now, call->core, &call->metadata, &call->rpc->locals);
	call->call.who = now.who;
	return role_may(now.who.role, least);
}

void rpc_judge_streams(struct rpc *rpc)
{
	struct rpc_remote *call, *after;

	for (call = LIST_FIRST(&rpc->calls); call; call = after) {
		after = LIST_NEXT(call, link);
		if (call->closed && !may_go_on(call))
			end_stream(call, GRPC_STATUS_UNAUTHENTICATED,
				   "what was shown is good no longer: show another credential");
	}
}

void rpc_call_orphan_all(struct rpc *rpc)
{
	struct rpc_remote *call;

	while ((call = LIST_FIRST(&rpc->calls))) {
		LIST_REMOVE(call, link);
		grpc_call_unref(call->core);
		call->core = NULL;
		call->rpc = NULL;
	}
}
