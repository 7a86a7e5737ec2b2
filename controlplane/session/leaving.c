/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/leaving.h"

#include <stdlib.h>

#include "controlplane/lib/wall_clock.h"
#include "controlplane/session/call_record.h"
#include "controlplane/session/push.h"
#include "controlplane/session/report.h"
#include "controlplane/session/session_state.h"

void leaving_party(const struct party *party)
{
	Tandem__Relay__V1__RecordParty message;

	if (!party->told || !records_wanted(party->call->session))
		return;
	call_record_party(&message, party);
	message.left_ms = wall_clock_ms();
	departed_add_party(&party->call->departed, &message);
}

static void add_leg(struct call *call, Tandem__Relay__V1__Leg *leg)
{
	Tandem__Relay__V1__RecordLeg message;

	call_record_leg(&message, leg);
	message.left_ms = wall_clock_ms();
	departed_add_leg(&call->departed, &message);
}

void leaving_legs(struct call *call, const Tandem__Relay__V1__Call *report)
{
	struct session *s = call->session;
	struct push *push;

	if (!records_wanted(s) || !report->n_legs)
		return;
	for (size_t k = 0; k < report->n_legs; k++)
		add_leg(call, report->legs[k]);
	push = call->gone ? NULL : push_begin(s, NULL, NULL, NULL);
	if (!push)
		return;
	push_call(push, call);
	push_end(push);
}

/* --- a leg that goes alone ------------------------------------------------------------------- */

struct going {
	struct call *call;
	struct report *report;
};

static void take_status(void *arg, const Tandem__Dataplane__V1__LegStatus *status)
{
	struct going *going = arg;

	report_take(going->report, status);
}

static void finish(void *arg, int error, const char *what)
{
	struct going *going = arg;

	leaving_legs(going->call, report_call(going->report));
	report_free(going->report);
	call_release(going->call);
	free(going);
}

void leaving_delete_leg(struct push *push, struct leg *leg)
{
	struct session *s = leg->session;
	bool counts = records_wanted(s) && leg->latch_epoch;
	struct going *going = counts ? calloc(1, sizeof(*going)) : NULL;
	struct push *own = going ? push_begin(s, finish, take_status, going) : NULL;
	struct report *report = own ? report_begin_leg(leg) : NULL;

	if (!report) {
		push_drop(own);
		free(going);
		push_delete(push, leg);
		return;
	}
	*going = (struct going){call_hold(leg->party->call), report};
	report_keep_leg(report, leg);
	push_delete(own, leg);
	push_end(own);
}
