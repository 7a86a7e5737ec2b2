/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A question about a call whose answer has the dataplane's statistics of its legs: of query, and of
 * what deletes, which answers like a question. The session's loop only.
 */
#ifndef TANDEM_INQUIRY_H
#define TANDEM_INQUIRY_H

#include "controlplane/session/session_state.h"

struct inquiry;

/* Replies with what there is; the message is gone when it returns. */
typedef void inquiry_reply(const struct inquiry *asking, Tandem__Relay__V1__Call *call);

struct inquiry {
	struct call *call;
	struct report *report;
	bool deletes; /* the party leaves: it is not enough to have asked */
	inquiry_reply *answer;
	session_reply *reply;
	void *arg;
};

/* Before all calls are known, those that are may still lack half of their legs. */
int inquiry_check_synced(const struct session *s, struct session_error *error);
/* NULL if the error was replied. */
struct call *inquiry_find(struct session *s, const char *id, session_reply *reply, void *arg);
/*
 * The call as it is now, or of it one party that is about to leave, with what concerns it; what is
 * pushed brings the statistics. push_end() may reply at once. NULL: no memory, and that was
 * replied.
 */
struct push *inquiry_begin(struct call *call, struct party *leaving, inquiry_reply *answer,
			   session_reply *reply, void *arg);

#endif
