/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the verbs that change who hears whom, and nothing else, have in common: the paths that are
 * other than before are pushed, and then there is a reply. The session's loop only.
 */
#ifndef TANDEM_REPATH_H
#define TANDEM_REPATH_H

#include "controlplane/session/call.h"
#include "controlplane/session/session.h"

struct repath;

/*
 * Before the call's state changes. `done` is the reply, and static. NULL without memory, and then
 * the reply has come.
 */
struct repath *repath_begin(struct call *call, const ProtobufCMessage *done, session_reply *reply,
			    void *arg);
/* After it has changed. Other requests for the call wait until the dataplane has taken it. */
void repath_end(struct repath *repath);
/* It has not changed, for this reason. */
void repath_drop(struct repath *repath, const struct session_error *error);

#endif
