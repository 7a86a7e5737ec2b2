/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/inquiry.h"

#include <errno.h>
#include <stdlib.h>

#include "controlplane/session/leaving.h"
#include "controlplane/session/push.h"
#include "controlplane/session/report.h"
#include "dataplane/lib/log.h"

int inquiry_check_synced(const struct session *s, struct session_error *error)
{
	if (s->synced)
		return 0;
	return session_refuse(error, SESSION_UNAVAILABLE,
			      "the dataplane has not told its calls yet; try again");
}

struct call *inquiry_find(struct session *s, const char *id, session_reply *reply, void *arg)
{
	struct session_error error;
	struct call *call;

	if (session_check_text("call_id", id, &error) || inquiry_check_synced(s, &error)) {
		reply(arg, NULL, &error);
		return NULL;
	}
	call = session_find_call(s, id);
	if (!call)
		session_fail(reply, arg, SESSION_NOT_FOUND, "no call \"%s\"; see tandemctl calls",
			     id);
	return call;
}

static void take(void *arg, const Tandem__Dataplane__V1__LegStatus *status)
{
	struct inquiry *a = arg;

	report_take(a->report, status);
}

static void finish(void *arg, int error, const char *what)
{
	struct inquiry *a = arg;

	/* A leg that the dataplane has no more is one without statistics, not a failure. */
	if (error && error != -ENOENT && error != -ENOTCONN)
		log_warn("call %s: %s", a->call->id, what);
	if (error == -ENOTCONN && a->deletes)
		session_fail(a->reply, a->arg, SESSION_UNAVAILABLE,
			     "the dataplane went away meanwhile; delete again once it is back");
	else
		a->answer(a, report_call(a->report));
	if (a->deletes)
		leaving_legs(a->call, report_call(a->report));
	report_free(a->report);
	call_release(a->call);
	free(a);
}

struct push *inquiry_begin(struct call *call, struct party *leaving, inquiry_reply *answer,
			   session_reply *reply, void *arg)
{
	struct inquiry *a = calloc(1, sizeof(*a));
	struct push *push = a ? push_begin(call->session, finish, take, a) : NULL;
	struct report *report = push ? report_begin(call, leaving) : NULL;
	struct leg *leg;

	if (!report) {
		push_drop(push);
		free(a);
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return NULL;
	}
	if (leaving)
		TAILQ_FOREACH (leg, &leaving->legs, entry)
			report_keep_leg(report, leg);
	*a = (struct inquiry){call_hold(call), report, leaving != NULL, answer, reply, arg};
	return push;
}
