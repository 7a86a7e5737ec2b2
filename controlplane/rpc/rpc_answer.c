/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/rpc_answer.h"

void rpc_answer(void *call, const ProtobufCMessage *reply, const struct session_error *error)
{
	if (reply)
		rpc_reply(call, reply);
	else
		rpc_fail(call, error->code, error->text);
}
