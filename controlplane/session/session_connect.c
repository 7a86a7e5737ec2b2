/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb connect: two parties of a call talk with each other from now on. */
#include <errno.h>

#include "controlplane/session/queue.h"
#include "controlplane/session/repath.h"

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

static void again(struct session *s, const ProtobufCMessage *request, session_reply *reply,
		  void *arg)
{
	session_connect(s, (const Tandem__Relay__V1__ConnectRequest *)request, reply, arg);
}

void session_connect(struct session *s, const Tandem__Relay__V1__ConnectRequest *request,
		     session_reply *reply, void *arg)
{
	static const Tandem__Relay__V1__ConnectReply done = TANDEM__RELAY__V1__CONNECT_REPLY__INIT;
	struct call *call = session_find_call(s, request->call_id);
	struct session_error error;
	struct party *one, *other;
	struct repath *repath;

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
	repath = repath_begin(call, &done.base, reply, arg);
	if (!repath)
		return;
	one->partner = other;
	other->partner = one;
	call->revision++;
	repath_end(repath);
}
