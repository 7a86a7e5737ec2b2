/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A set of requests to the dataplane that succeeds or fails as one. Nothing is taken back when one
 * of them fails: that is for the caller, which alone knows what was before.
 */
#ifndef TANDEM_PUSH_H
#define TANDEM_PUSH_H

#include "controlplane/session/session_state.h"

struct path;
struct push;

/* `error` is the first that came, 0 when there was none; `what` its reason. */
typedef void push_done(void *arg, int error, const char *what);
/* What such an error is to who asked for the push: a status of session_error.h. */
int push_status_code(int error);
/* The statistics of a leg, of push_delete() and push_query(). */
typedef void push_status(void *arg, const Tandem__Dataplane__V1__LegStatus *status);

/* NULL without memory. `done` may be NULL, for what is wanted but not waited for. */
struct push *push_begin(struct session *session, push_done *done, push_status *status, void *arg);
/* Without effect for a leg that is retired; so with push_keys(). */
void push_leg(struct push *push, struct leg *leg);
void push_delete(struct push *push, const struct leg *leg);
void push_query(struct push *push, const struct leg *leg);
void push_path(struct push *push, const struct call *call, const struct path *path);
/* Of legs that are gone there is none, which is as good. */
void push_delete_path(struct push *push, uint64_t from, uint64_t to);
/*
 * The call's state, behind all that it speaks of: who finds it in the dataplane finds that as well.
 * Without effect for a call that is gone.
 */
void push_call(struct push *push, struct call *call);
/*
 * What is left of a call that ends, in the place of its state. Where there is no room for it the
 * state is deleted.
 */
void push_ended_call(struct push *push, struct call *call,
		     const Tandem__Relay__V1__CallRecord *record);
void push_forget_call(struct push *push, struct call *call);
/*
 * Raises the leg's epoch. `receive` and `send` are master key and salt, as suite_info() says.
 * `send.key` NULL if the relay protects nothing towards the participant. `goes_on`: the indices of
 * what is sent go on.
 */
struct push_key {
	const uint8_t *key, *salt;
};
struct push_keys {
	enum srtp_suite suite;
	struct push_key receive, send;
	bool goes_on;
};
void push_keys(struct push *push, struct leg *leg, const struct push_keys *keys);
/* Nothing was asked for, and `done` is not to be called. NULL will do. */
void push_drop(struct push *push);
/* Nothing more comes; `done` follows, perhaps at once. */
void push_end(struct push *push);

#endif
