/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ng/ng_reply.h"

#include <string.h>

struct ng_value *ng_reply(struct ng_query *q, const char *result)
{
	struct ng_value *reply = ng_dictionary(&q->arena);

	ng_put(reply, "result", ng_text(&q->arena, result));
	return reply;
}

void ng_fail(struct ng_query *q, const char *why)
{
	struct ng_value *reply = ng_reply(q, "error");

	ng_put(reply, "error-reason", ng_text(&q->arena, why));
	q->done(q, reply);
}

void ng_fail_not_done(struct ng_query *q, const char *what)
{
	struct ng_value *reply = ng_reply(q, "error");

	ng_put(reply, "error-reason",
	       ng_printf(&q->arena, "%.100s: this relay does not do that", what));
	q->done(q, reply);
}

void ng_reply_call(struct ng_query *q, const Tandem__Relay__V1__Call *call)
{
	struct ng_value *reply = ng_reply(q, "ok");

	ng_report_call(&q->arena, reply, call);
	q->done(q, reply);
}

/* An offer may find room on another relay. */
bool ng_is_full(const struct session_error *error)
{
	return error->code == SESSION_RESOURCE_EXHAUSTED || error->code == SESSION_UNAVAILABLE;
}

static bool supports_load_limit(const struct ng_query *q)
{
	const struct ng_value *item;

	ng_for_each(item,
		    q->request.supports) if (item->kind == NG_TEXT &&
					     ng_same_key(item->text, "load limit")) return true;
	return false;
}

/* By these words proxies try the next one. */
void ng_fail_full(struct ng_query *q, const struct session_error *error)
{
	struct ng_value *reply;

	if (supports_load_limit(q)) {
		reply = ng_reply(q, "load limit");
		ng_put(reply, "message", ng_text(&q->arena, error->text));
		q->done(q, reply);
	} else if (strstr(error->text, "calls are running")) {
		ng_fail(q, "Parallel session limit reached");
	} else {
		ng_fail(q, "Ran out of ports");
	}
}

void ng_fail_as(struct ng_query *q, const struct session_error *error)
{
	ng_fail(q, error->code == SESSION_NOT_FOUND ? "Unknown call-id" : error->text);
}

/* True: the text is there. */
bool ng_has(struct ng_query *q, const char *text, const char *why)
{
	if (!*text)
		ng_fail(q, why);
	return *text;
}

bool ng_has_call(struct ng_query *q)
{
	return ng_has(q, q->request.call_id, "No call-id in message");
}

void ng_done_as_asked(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	struct ng_query *q = arg;

	if (error)
		ng_fail_as(q, error);
	else
		q->done(q, ng_reply(q, "ok"));
}
