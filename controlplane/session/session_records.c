/* SPDX-License-Identifier: BSD-3-Clause */
/* Who wants the records of calls: those who watch, and who keeps them. */
#include <stdlib.h>

#include "controlplane/session/push.h"

struct session_record_watcher {
	LIST_ENTRY(session_record_watcher) entry;
	struct session *session; /* NULL if it has closed */
	session_record *told;
	void *arg;
};

bool records_wanted(const struct session *s)
{
	return s->recorder || !LIST_EMPTY(&s->record_watchers);
}

void records_tell(struct session *s, uint64_t key, const Tandem__Relay__V1__CallRecord *record)
{
	struct session_record_watcher *w = LIST_FIRST(&s->record_watchers);

	if (s->recorder)
		s->recorder->take(s->recorder->arg, key, record);
	while (w) {
		struct session_record_watcher *next = LIST_NEXT(w, entry);

		/* Who is told may stop watching by that. */
		w->told(w->arg, record);
		w = next;
	}
}

void records_close(struct session *s)
{
	struct session_record_watcher *w;

	s->recorder = NULL;
	while ((w = LIST_FIRST(&s->record_watchers))) {
		LIST_REMOVE(w, entry);
		w->session = NULL;
	}
}

struct session_record_watcher *session_watch_records(struct session *s, session_record *told,
						     void *arg)
{
	struct session_record_watcher *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	*w = (struct session_record_watcher){.session = s, .told = told, .arg = arg};
	LIST_INSERT_HEAD(&s->record_watchers, w, entry);
	return w;
}

void session_unwatch_records(struct session_record_watcher *w)
{
	if (w->session)
		LIST_REMOVE(w, entry);
	free(w);
}

/* --- kept ------------------------------------------------------------------------------------ */

void session_keep_records(struct session *s, const struct session_recorder *recorder)
{
	s->recorder = recorder;
}

struct forgetting {
	void (*done)(void *arg, int error);
	void *arg;
};

static void forgotten(void *arg, int error, const char *what)
{
	struct forgetting *f = arg;

	f->done(f->arg, error);
	free(f);
}

void session_recorded(struct session *s, const uint64_t *keys, size_t count,
		      void (*done)(void *arg, int error), void *arg)
{
	struct forgetting *f = calloc(1, sizeof(*f));
	struct push *push = f ? push_begin(s, forgotten, NULL, f) : NULL;

	if (!push) {
		free(f);
		done(arg, -ENOMEM);
		return;
	}
	*f = (struct forgetting){done, arg};
	for (size_t k = 0; k < count; k++) {
		struct call call = {.key = keys[k], .kept = true};

		push_forget_call(push, &call);
	}
	push_end(push);
}
