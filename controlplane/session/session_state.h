/* SPDX-License-Identifier: BSD-3-Clause */
/* The session's inside, for the files that make it up. */
#ifndef TANDEM_SESSION_STATE_H
#define TANDEM_SESSION_STATE_H

#include <sys/queue.h>

#include "controlplane/session/audit.h"
#include "controlplane/session/call.h"
#include "controlplane/session/client.h"
#include "controlplane/session/counts.h"
#include "controlplane/session/history.h"
#include "controlplane/session/session.h"
#include "controlplane/session/slice.h"
#include "controlplane/session/watch.h"
#include "controlplane/session/workload.h"

struct prefix;

TAILQ_HEAD(call_list, call);
TAILQ_HEAD(exchange_list, exchange);

/* A place in the list of calls, which moves on when its call leaves. */
struct cursor {
	LIST_ENTRY(cursor) entry;
	struct call *at; /* NULL: behind the last one */
	bool back;       /* it goes to those that are older */
};

struct session {
	uv_loop_t *loop;
	struct session_config config;
	struct client *client;
	struct networks networks;
	struct prefix *denied;          /* config.deny_count of them */
	struct dtls_identity *identity; /* of new legs */

	struct hashtable calls, calls_by_key, legs;
	struct call_list by_age;
	struct exchange_list waiting; /* for their time to end */
	struct call_list endings;     /* calls with a time to end */
	uv_timer_t ending;
	uint64_t last_serial;
	LIST_HEAD(, session_capture) captures;
	uv_timer_t expiry;
	struct audit audit;
	struct workload workload;
	struct counts counts;
	struct watch watch;
	struct slices slices;
	LIST_HEAD(, cursor) cursors;
	struct history history;
	LIST_HEAD(, session_record_watcher) record_watchers;
	const struct session_recorder *recorder; /* NULL: nobody keeps records */

	bool ready;
	bool synced; /* once at least: the calls of the dataplane are known */
	uint64_t generation;
	char dataplane_version[64], crypto_engine[64];
	unsigned int workers, legs_max;

	void (*changed)(void *arg, bool ready);
	void *changed_arg;
	LIST_HEAD(, session_link) links;
	LIST_HEAD(, session_meter) meters;
};

/* session_lookup.c */
void session_add_leg(struct session *s, struct leg *leg);
void session_remove_leg(struct session *s, struct leg *leg);
struct leg *session_find_leg(struct session *s, uint64_t id);
struct call *session_find_call(struct session *s, const char *id);
struct call *session_find_key(struct session *s, uint64_t key);
void session_add_call(struct session *s, struct call *call);
/* By age, after they came in any order. */
void session_sort_calls(struct session *s);
void session_remove_call(struct session *s, struct call *call);
void session_move_cursor(struct cursor *cursor);

/* session_end.c */
void session_forget_call(struct session *s, struct call *call);
/*
 * The one way in which a call ends that was ever told to anybody: it is deleted, and has its
 * record. `reply` gets what was deleted; NULL: nobody asked for it. `why` is for the record.
 */
void session_end_call(struct session *s, struct call *call, Tandem__Relay__V1__EndKind end,
		      const char *why, session_reply *reply, void *arg);
/* Deletes a call that nobody asked to delete, and says why in the log. */
void session_drop_call(struct session *s, struct call *call, Tandem__Relay__V1__EndKind end,
		       const char *why);

#define CALL_END(kind) TANDEM__RELAY__V1__END_KIND__END_##kind

/* session_records.c: whether anybody wants the records of calls, and to tell one. */
bool records_wanted(const struct session *s);
void records_tell(struct session *s, uint64_t key, const Tandem__Relay__V1__CallRecord *record);
void records_close(struct session *s);

/*
 * session_ending.c: the call ends at that time of the wall clock, in ms; 0: it goes on. What the
 * dataplane keeps of it says so once it is pushed.
 */
void session_end_at(struct call *call, uint64_t ends);

/* session_ready.c */
void session_set_ready(struct session *s, bool ready);
/* Tells who watches: ready, and the dataplane has legs left. */
void session_notify_ready(struct session *s);
int session_check_ready(const struct session *s, struct session_error *error);

/* session.c, for the verbs. */
int session_check_text(const char *field, const char *text, struct session_error *error);
int session_check_name(const char *field, const char *text, struct session_error *error);

#endif
