/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/ask.h"

#include <err.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>

#include "controlplane/rpc/message.h"

void ask_print_json(const ProtobufCMessage *message, size_t flags)
{
	json_t *json = message_json(message);

	if (!json || json_dumpf(json, stdout, flags))
		errx(CTL_REFUSED, "no memory");
	json_decref(json);
	putchar('\n');
}

int ask(const struct request *request, const char *method, const ProtobufCMessage *question,
	const ProtobufCMessageDescriptor *type, view_reply *view)
{
	ProtobufCMessage *reply;
	int ret = remote_call(request->remote, method, question, type, &reply);

	if (ret)
		return ret;
	if (request->json)
		ask_print_json(reply, JSON_INDENT(2));
	else
		view(request, reply);
	message_free(reply);
	return ret;
}

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	interrupted = 1;
}

struct stream {
	const struct request *request;
	view_reply *view;
};

/* Each line at once: it may go into a pipe. */
static bool take(void *arg, const ProtobufCMessage *message)
{
	const struct stream *stream = arg;

	if (stream->request->json)
		ask_print_json(message, JSON_COMPACT);
	else
		stream->view(stream->request, message);
	return !fflush(stdout);
}

int ask_each(const struct request *request, const char *method, const ProtobufCMessage *question,
	     const ProtobufCMessageDescriptor *type,
	     bool (*each)(void *arg, const ProtobufCMessage *message), void *arg)
{
	const struct sigaction action = {.sa_handler = interrupt};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return remote_stream(request->remote, method, question, type, each, arg, &interrupted);
}

int ask_stream(const struct request *request, const char *method, const ProtobufCMessage *question,
	       const ProtobufCMessageDescriptor *type, view_reply *view)
{
	struct stream stream = {request, view};

	return ask_each(request, method, question, type, take, &stream);
}
