/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests for one call are served one after the other: what comes while another one waits for the
 * dataplane is kept, up to a bound, and begins when that one has been answered. The session's loop
 * only.
 */
#ifndef TANDEM_QUEUE_H
#define TANDEM_QUEUE_H

#include "controlplane/session/session_state.h"

#define QUEUE_MOST 32

/* A verb of session.h. */
typedef void queue_verb(struct session *session, const ProtobufCMessage *request,
			session_reply *reply, void *arg);

/*
 * False: the call, which may be NULL, is free. True: the verb will be called with a copy of the
 * request, or has been refused already.
 */
bool queue_wait(struct call *call, queue_verb *verb, const ProtobufCMessage *request,
		session_reply *reply, void *arg);
/* A request begins, which has a hold on the call; what comes next waits. */
void queue_begin(struct call *call);
/* It is over: the others' turn. Releases the hold. */
void queue_end(struct call *call);

#endif
