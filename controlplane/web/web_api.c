/* SPDX-License-Identifier: BSD-3-Clause */
/* The API's methods as resources: what rpc_transport.h asks of a transport, with HTTP. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/rpc/message.h"
#include "controlplane/rpc/rpc_transport.h"
#include "controlplane/web/web_state.h"

#define API                 "/api"
#define STREAMS_MAX         256
#define STREAMS_PER_ADDRESS 96 /* of its 128 connections: requests need some as well */
#define EVENTS              "text/event-stream"
#define PULSE               ":\n\n" /* a comment: readers ignore it */
#define TOO_SLOW            "the stream ends here: its reader does not keep up with it"

/* Lives until it is answered; one that streams, until its request is gone. */
struct web_call {
	struct rpc_call base;
	LIST_ENTRY(web_call) link; /* of one that streams */
	struct web *web;
	struct http_request *request;
	ProtobufCMessage *message;
	bool streams, ended;
	void (*closed)(void *arg);
	void *closed_arg;
};

static struct web_call *call_of(struct rpc_call *call)
{
	return (struct web_call *)call;
}

static void free_call(struct web_call *call)
{
	message_free(call->message);
	free(call);
}

static void free_text(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

/* NULL without memory. To be freed by free_text(). */
static char *text_of(const ProtobufCMessage *message)
{
	json_t *json = message_json(message);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	return text;
}

/* --- streams ---------------------------------------------------------------------------------- */

/* 0, -ENOBUFS, -ENOMEM. */
static int put_event(struct web_call *call, const char *name, const char *json)
{
	char *event = NULL;
	int length = json ? asprintf(&event, "%s%s%sdata: %s\n\n", name ? "event: " : "",
				     name ?: "", name ? "\n" : "", json)
			  : -1;
	int error = length < 0 ? -ENOMEM : http_stream_put(call->request, event, (size_t)length);

	if (length >= 0)
		free_text(event);
	return error;
}

/* The status has gone out long ago. */
static void end_stream(struct web_call *call, grpc_status_code code, const char *text)
{
	char *json;

	if (call->ended)
		return;
	call->ended = true;
	json = web_error_json(code, text);
	put_event(call, "end", json);
	free(json);
	http_stream_end(call->request);
}

static void on_gone(void *arg)
{
	struct web_call *call = arg;

	LIST_REMOVE(call, link);
	call->web->stream_count--;
	if (call->closed)
		call->closed(call->closed_arg);
	free_call(call);
}

static void put_message(struct web_call *call, const ProtobufCMessage *message)
{
	char *json;

	if (call->ended)
		return;
	json = text_of(message);
	if (put_event(call, NULL, json)) {
		http_stream_drop(call->request);
		end_stream(call, GRPC_STATUS_RESOURCE_EXHAUSTED, TOO_SLOW);
	}
	free_text(json);
}

/* With its last message, behind which nothing went wrong. */
static void finish_stream(struct web_call *call, const ProtobufCMessage *message)
{
	call->closed = NULL;
	put_message(call, message);
	if (call->ended)
		return;
	call->ended = true;
	http_stream_end(call->request);
}

/* Whether who has the stream could open it now. */
static bool may_go_on(struct web_call *call)
{
	struct identity *who = &call->base.who;

	return !web_identify(call->web, call->request, who) &&
	       role_may(who->role, call->base.method->role);
}

void web_judge_streams(struct web *web)
{
	struct web_call *call;

	if (!web)
		return;
	LIST_FOREACH (call, &web->streams, link)
		if (!call->ended && !may_go_on(call))
			end_stream(call, GRPC_STATUS_UNAUTHENTICATED,
				   "what was shown is good no longer: show another credential");
}

/* --- the transport ---------------------------------------------------------------------------- */

static void reply(struct rpc_call *base, const ProtobufCMessage *message)
{
	struct web_call *call = call_of(base);
	char *json;

	if (call->streams) {
		finish_stream(call, message);
		return;
	}
	json = text_of(message);
	if (json)
		web_tell(call->request, json);
	else
		web_refuse(call->request, GRPC_STATUS_INTERNAL, "no memory for the reply");
	free_text(json);
	free_call(call);
}

static void fail(struct rpc_call *base, grpc_status_code code, const char *text)
{
	struct web_call *call = call_of(base);

	if (call->streams) {
		call->closed = NULL;
		end_stream(call, code, text);
		return;
	}
	web_refuse(call->request, code, text);
	free_call(call);
}

static void stream(struct rpc_call *base, void (*closed)(void *arg), void *arg)
{
	struct web_call *call = call_of(base);

	call->streams = true;
	call->closed = closed;
	call->closed_arg = arg;
	LIST_INSERT_HEAD(&call->web->streams, call, link);
	call->web->stream_count++;
	http_stream(call->request, EVENTS, PULSE, on_gone, call);
}

static void send_state(struct rpc_call *base, const ProtobufCMessage *message)
{
	struct web_call *call = call_of(base);

	if (!call->ended)
		http_stream_drop(call->request);
	put_message(call, message);
}

static void append(struct rpc_call *base, const ProtobufCMessage *message)
{
	put_message(call_of(base), message);
}

static void cut(struct rpc_call *base, grpc_status_code code, const char *text)
{
	end_stream(call_of(base), code, text);
}

/* It is the octets that are bounded: with half of them there it is full for who can do without. */
static unsigned waiting(const struct rpc_call *base)
{
	const struct web_call *call = (const struct web_call *)base;

	return http_stream_waiting(call->request) > HTTP_WAITING_MAX / 2 ? RPC_WAITING_MAX : 0;
}

static const struct rpc_transport transport = {
	.reply = reply,
	.fail = fail,
	.stream = stream,
	.send = send_state,
	.append = append,
	.cut = cut,
	.waiting = waiting,
};

/* --- what is asked ---------------------------------------------------------------------------- */

/* Without its port. */
static size_t host_length(const char *from)
{
	const char *colon = strrchr(from, ':');

	return colon ? (size_t)(colon - from) : strlen(from);
}

static bool may_stream(const struct web *web, const char *from)
{
	unsigned int count = 0;
	const struct web_call *call;

	LIST_FOREACH (call, &web->streams, link) {
		const char *other = http_request_from(call->request);

		count += host_length(other) == host_length(from) &&
			 strncmp(other, from, host_length(from)) == 0;
	}
	return web->stream_count < STREAMS_MAX && count < STREAMS_PER_ADDRESS;
}

static const char *next_pair(void *request, unsigned index)
{
	return http_request_query(request, index);
}

static ProtobufCMessage *read_message(const struct web_call *call, char why[MESSAGE_WHY])
{
	const ProtobufCMessageDescriptor *type = call->base.method->request;
	size_t size;
	const char *octets = http_request_octets(call->request, &size);

	return http_request_is_post(call->request)
		       ? message_parse(type, octets, size, why)
		       : message_parse_query(type, next_pair, call->request, why);
}

/* Changes come by POST, which a page of another site cannot make; and streams by GET. */
static void refuse_verb(struct web_call *call)
{
	bool streams = call->base.method->streams;
	char *json = web_error_json(GRPC_STATUS_UNIMPLEMENTED,
				    streams ? "this method streams: ask by GET"
					    : "this method does not stream: ask by POST");
	const struct http_reply refusal = {
		.status = 405,
		.type = WEB_JSON,
		.octets = json,
		.length = json ? strlen(json) : 0,
		.headers = {{"allow:", streams ? "GET" : "POST"}},
	};

	http_answer(call->request, &refusal);
	free(json);
	free_call(call);
}

static void serve(struct web_call *call)
{
	char why[MESSAGE_WHY];

	if (call->base.method->streams == http_request_is_post(call->request)) {
		refuse_verb(call);
		return;
	}
	if (!rpc_admit(&call->base))
		return; /* it is answered */
	if (call->base.method->streams && call->base.who.role == ROLE_NOBODY) {
		fail(&call->base, GRPC_STATUS_UNAUTHENTICATED,
		     "streams are for who is known: show a token, or a client certificate");
		return;
	}
	if (call->base.method->streams &&
	    !may_stream(call->web, http_request_from(call->request))) {
		fail(&call->base, GRPC_STATUS_RESOURCE_EXHAUSTED,
		     "too many streams are open: close some of them");
		return;
	}
	call->message = read_message(call, why);
	if (call->message)
		rpc_serve(&call->base, call->message);
	else
		fail(&call->base, GRPC_STATUS_INVALID_ARGUMENT, why);
}

void web_serve_api(struct http_request *request, void *arg)
{
	struct web *web = arg;
	const char *path = http_request_path(request) + strlen(API);
	struct web_call *call = calloc(1, sizeof(*call));

	if (!call) {
		web_refuse(request, GRPC_STATUS_RESOURCE_EXHAUSTED, "no memory for another call");
		return;
	}
	call->web = web;
	call->request = request;
	call->base.transport = &transport;
	call->base.access = web->parts.access;
	if (!rpc_find(&call->base, web->parts.services, web->parts.service_count, path,
		      strlen(path))) {
		web_refuse(request, GRPC_STATUS_NOT_FOUND, "the relay has no such method");
		free_call(call);
		return;
	}
	call->base.error = web_identify(web, request, &call->base.who);
	serve(call);
}
