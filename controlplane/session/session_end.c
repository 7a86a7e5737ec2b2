/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a call ends. Its legs are deleted, which brings their last statistics; with them its record
 * is made. The dataplane keeps the call's state until the record is where nothing gets lost.
 */
#include <errno.h>
#include <stdlib.h>

#include "controlplane/session/call_record.h"
#include "controlplane/session/exchange.h"
#include "controlplane/session/push.h"
#include "controlplane/session/report.h"
#include "dataplane/lib/log.h"

/* A call on its way out. */
struct ending {
	struct call *call;
	struct report *report;
	struct call_record *record; /* NULL: nobody wants one */
	session_reply *reply;       /* NULL: nobody waits */
	void *arg;
};

static void take_status(void *arg, const Tandem__Dataplane__V1__LegStatus *status)
{
	struct ending *e = arg;

	report_take(e->report, status);
}

static void answer(const struct ending *e, int error, Tandem__Relay__V1__Call *call)
{
	Tandem__Relay__V1__DeleteReply reply = TANDEM__RELAY__V1__DELETE_REPLY__INIT;

	reply.call = call;
	if (error == -ENOTCONN)
		session_fail(e->reply, e->arg, SESSION_UNAVAILABLE,
			     "the dataplane went away meanwhile; delete again once it is back");
	else
		e->reply(e->arg, &reply.base, NULL);
}

static void record(const struct ending *e, int error)
{
	const Tandem__Relay__V1__CallRecord *message = call_record_end(e->record, error != 0);

	if (message)
		records_tell(e->call->session, e->call->key, message);
	else
		log_error("call %s: no memory for its record, which is lost", e->call->id);
}

static void finish(void *arg, int error, const char *what)
{
	struct ending *e = arg;
	Tandem__Relay__V1__Call *call = report_call(e->report);

	/* A leg that the dataplane has no more is one without statistics, not a failure. */
	if (error && error != -ENOENT && error != -ENOTCONN)
		log_warn("call %s: %s", e->call->id, what);
	if (e->reply)
		answer(e, error, call);
	if (e->record)
		record(e, error);
	call_record_free(e->record);
	report_free(e->report);
	call_release(e->call);
	free(e);
}

/* NULL without memory. */
static struct push *begin(struct ending **out, struct call *call, Tandem__Relay__V1__EndKind end,
			  const char *why, session_reply *reply, void *arg)
{
	struct session *s = call->session;
	struct ending *e = calloc(1, sizeof(*e));
	struct push *push = e ? push_begin(s, finish, take_status, e) : NULL;
	struct report *report = push ? report_begin(call, NULL) : NULL;

	if (!report) {
		push_drop(push);
		free(e);
		return NULL;
	}
	*e = (struct ending){.report = report, .reply = reply, .arg = arg};
	e->call = call_hold(call);
	if (records_wanted(s))
		e->record = call_record_begin(call, report_call(report), end, why);
	*out = e;
	return push;
}

/*
 * Out of the tables, its legs too: a late event or reply makes nothing anew. It lives on as long as
 * somebody works on it.
 */
void session_forget_call(struct session *s, struct call *call)
{
	struct party *party;
	struct exchange *x;
	struct leg *leg;

	if (call->gone)
		return;
	call->gone = true;
	for_each_leg(leg, call) leg_retire(leg);
	while ((x = TAILQ_FIRST(&call->exchanges)) && !call->busy)
		exchange_free(x);
	if (call->ends)
		TAILQ_REMOVE(&s->endings, call, ending);
	call->ends = 0;
	session_remove_call(s, call);
	call_release(call);
}

static enum counts_end counted_as(Tandem__Relay__V1__EndKind end)
{
	if (end == CALL_END(DELETED))
		return COUNTS_DELETED;
	return end == CALL_END(UNANSWERED) ? COUNTS_UNANSWERED : COUNTS_DROPPED;
}

/* In this order: without its legs nobody could take the call over any more. */
static void push_end_of(struct push *push, struct call *call, struct call_record *record)
{
	struct party *party;
	struct leg *leg;

	if (record && call->session->recorder)
		push_ended_call(push, call, call_record_so_far(record));
	else
		push_forget_call(push, call);
	for_each_leg(leg, call)
	{
		if (leg->pushed)
			push_delete(push, leg);
	}
}

void session_end_call(struct session *s, struct call *call, Tandem__Relay__V1__EndKind end,
		      const char *why, session_reply *reply, void *arg)
{
	struct ending *e = NULL;
	struct push *push = reply || records_wanted(s) ? begin(&e, call, end, why, reply, arg)
						       : push_begin(s, NULL, NULL, NULL);

	if (!push && reply) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	watch_call(WATCH(ENDED), call, why);
	counts_end_call(call, counted_as(end));
	if (push)
		push_end_of(push, call, e ? e->record : NULL);
	session_forget_call(s, call);
	if (push)
		push_end(push);
}

void session_drop_call(struct session *s, struct call *call, Tandem__Relay__V1__EndKind end,
		       const char *why)
{
	log_info("call %s: deleted: %s", call->id, why);
	session_end_call(s, call, end, why, NULL, NULL);
}
