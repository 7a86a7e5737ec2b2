/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/repath.h"

#include <stdlib.h>

#include "controlplane/session/path.h"
#include "controlplane/session/push.h"
#include "controlplane/session/queue.h"

struct repath {
	struct call *call;
	struct push *push;
	struct paths before;
	const ProtobufCMessage *done;
	session_reply *reply;
	void *arg;
};

static void finish(void *arg, int error, const char *what)
{
	struct repath *r = arg;

	if (error)
		session_fail(r->reply, r->arg, push_status_code(error), "the dataplane refused: %s",
			     what);
	else
		r->reply(r->arg, r->done, NULL);
	queue_end(r->call);
	free(r);
}

struct repath *repath_begin(struct call *call, const ProtobufCMessage *done, session_reply *reply,
			    void *arg)
{
	struct repath *r = calloc(1, sizeof(*r));
	struct push *push = r ? push_begin(call->session, finish, NULL, r) : NULL;

	if (!push) {
		free(r);
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return NULL;
	}
	*r = (struct repath){call, push, paths_derive(call), done, reply, arg};
	return r;
}

void repath_end(struct repath *r)
{
	struct paths now = paths_derive(r->call);
	struct push *push = r->push;

	queue_begin(r->call);
	paths_push(push, &r->before, &now);
	paths_free(&r->before);
	paths_free(&now);
	push_call(push, r->call);
	push_end(push);
}

void repath_drop(struct repath *r, const struct session_error *error)
{
	push_drop(r->push);
	paths_free(&r->before);
	r->reply(r->arg, NULL, error);
	free(r);
}
