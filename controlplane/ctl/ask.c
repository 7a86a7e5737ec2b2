/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/ask.h"

#include <err.h>
#include <jansson.h>
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
