/* SPDX-License-Identifier: BSD-3-Clause */
/* How the services answer a call: with what the session, or the shed, says to a verb. */
#ifndef TANDEM_RPC_ANSWER_H
#define TANDEM_RPC_ANSWER_H

#include "controlplane/rpc/rpc.h"
#include "controlplane/session/session_error.h"

/* A session_reply whose argument is the struct rpc_call. Ends the call; on the loop. */
void rpc_answer(void *call, const ProtobufCMessage *reply, const struct session_error *error);

#endif
