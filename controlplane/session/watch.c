/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/watch.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/wall_clock.h"
#include "controlplane/session/session_state.h"

struct session_watcher {
	LIST_ENTRY(session_watcher) entry;
	struct session *session; /* NULL if it has closed */
	char *call_id;           /* "": every call */
	session_event *event;
	void *arg;
};

void watch_open(struct watch *watch)
{
	LIST_INIT(&watch->watchers);
}

void watch_close(struct watch *watch)
{
	struct session_watcher *w;

	while ((w = LIST_FIRST(&watch->watchers))) {
		LIST_REMOVE(w, entry);
		w->session = NULL;
	}
}

struct session_watcher *session_watch_calls(struct session *s, const char *call_id,
					    session_event *event, void *arg)
{
	struct session_watcher *w = calloc(1, sizeof(*w));

	if (w)
		w->call_id = strdup(call_id);
	if (!w || !w->call_id) {
		free(w);
		return NULL;
	}
	w->session = s;
	w->event = event;
	w->arg = arg;
	LIST_INSERT_HEAD(&s->watch.watchers, w, entry);
	return w;
}

void session_unwatch_calls(struct session_watcher *w)
{
	if (w->session)
		LIST_REMOVE(w, entry);
	free(w->call_id);
	free(w);
}

static void notify(struct call *call, Tandem__Relay__V1__WatchEvent *event, const char *text)
{
	struct session_watcher *w = LIST_FIRST(&call->session->watch.watchers);

	/* What is worth telling may have changed how the call counts. */
	counts_settle(call);
	if (!w)
		return;
	event->time_ms = wall_clock_ms();
	event->call_id = call->id;
	event->text = (char *)text;
	while (w) {
		struct session_watcher *next = LIST_NEXT(w, entry);

		/* Who is told may stop watching by that. */
		if (!w->call_id[0] || strcmp(w->call_id, call->id) == 0)
			w->event(w->arg, event);
		w = next;
	}
}

static Tandem__Relay__V1__WatchEvent begin(Tandem__Relay__V1__WatchKind kind,
					   const struct party *party)
{
	Tandem__Relay__V1__WatchEvent event = TANDEM__RELAY__V1__WATCH_EVENT__INIT;

	event.kind = kind;
	if (party) {
		event.tag = party->tag ? party->tag : (char *)"";
		event.branch = party->branch;
	}
	return event;
}

void watch_call(Tandem__Relay__V1__WatchKind kind, struct call *call, const char *text)
{
	Tandem__Relay__V1__WatchEvent event = begin(kind, NULL);

	notify(call, &event, text);
}

void watch_party(Tandem__Relay__V1__WatchKind kind, const struct party *party, const char *text)
{
	Tandem__Relay__V1__WatchEvent event = begin(kind, party);

	notify(party->call, &event, text);
}

void watch_leg(Tandem__Relay__V1__WatchKind kind, const struct leg *leg, const char *text)
{
	Tandem__Relay__V1__WatchEvent event = begin(kind, leg->party);

	event.leg = leg->id;
	notify(leg->party->call, &event, text);
}
