/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb connect: two parties of a call talk with each other from now on. */
#include <errno.h>
#include <stdlib.h>

#include "controlplane/session/path.h"
#include "controlplane/session/push.h"
#include "controlplane/session/queue.h"

struct connecting {
	session_reply *reply;
	void *arg;
	struct call *call;
};

static int find(const struct call *call, struct party **out, const char *tag,
		struct session_error *error)
{
	*out = call_party(call, tag);
	if (*out && (*out)->answered && !(*out)->listens && !(*out)->wish.shared)
		return 0;
	return session_refuse(error, SESSION_FAILED_PRECONDITION,
			      *out && (*out)->wish.shared
				      ? "\"%.60s\" has the keys of whom it talks with (KEYS_SHARED)"
				      : "\"%.60s\" is no party of this call that has answered",
			      tag);
}

static int check_request(struct session *s, const struct call *call,
			 const Tandem__Relay__V1__ConnectRequest *request,
			 struct session_error *error)
{
	if (session_check_text("call_id", request->call_id, error) ||
	    session_check_text("tag", request->tag, error) ||
	    session_check_text("to_tag", request->to_tag, error) || session_check_ready(s, error))
		return -EINVAL;
	return call ? 0
		    : session_refuse(error, SESSION_NOT_FOUND,
				     "no call \"%s\"; see tandemctl calls", request->call_id);
}

static void finish(void *arg, int error, const char *what)
{
	Tandem__Relay__V1__ConnectReply done = TANDEM__RELAY__V1__CONNECT_REPLY__INIT;
	struct connecting *c = arg;

	if (error)
		session_fail(c->reply, c->arg, push_status_code(error), "the dataplane refused: %s",
			     what);
	else
		c->reply(c->arg, &done.base, NULL);
	queue_end(c->call);
	free(c);
}

static void again(struct session *s, const ProtobufCMessage *request, session_reply *reply,
		  void *arg)
{
	session_connect(s, (const Tandem__Relay__V1__ConnectRequest *)request, reply, arg);
}

void session_connect(struct session *s, const Tandem__Relay__V1__ConnectRequest *request,
		     session_reply *reply, void *arg)
{
	struct call *call = session_find_call(s, request->call_id);
	struct session_error error;
	struct paths before, now;
	struct party *one, *other;
	struct connecting *c;
	struct push *push;

	if (queue_wait(call, again, &request->base, reply, arg))
		return;
	if (check_request(s, call, request, &error) || find(call, &one, request->tag, &error) ||
	    find(call, &other, request->to_tag, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	if (one == other) {
		session_fail(reply, arg, SESSION_INVALID_ARGUMENT,
			     "to_tag is the party itself; name another one");
		return;
	}
	c = calloc(1, sizeof(*c));
	push = c ? push_begin(s, finish, NULL, c) : NULL;
	if (!push) {
		free(c);
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*c = (struct connecting){reply, arg, call};
	queue_begin(call);
	before = paths_derive(call);
	one->partner = other;
	other->partner = one;
	call->revision++;
	now = paths_derive(call);
	paths_push(push, &before, &now);
	paths_free(&before);
	paths_free(&now);
	push_call(push, call);
	push_end(push);
}
