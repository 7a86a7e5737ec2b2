/* SPDX-License-Identifier: BSD-3-Clause */
/* Who makes a call that came by gRPC. The loop only. */
#ifndef TANDEM_RPC_IDENTIFY_H
#define TANDEM_RPC_IDENTIFY_H

#include <grpc/grpc.h>

#include "controlplane/rpc/rpc_local.h"
#include "controlplane/rpc/rpc_transport.h"

#define RPC_FROM 64

/*
 * Fills call->who and call->error: by the bearer token in the call's metadata if there is one, by
 * the client's certificate otherwise, by its process on a UNIX socket otherwise.
 */
void rpc_identify(struct rpc_call *call, grpc_call *core, const grpc_metadata_array *metadata,
		  const struct rpc_locals *locals);

/* gRPC's name of a peer ("ipv6:%5B2001:db8::1%5D:4711") as struct identity has it. */
void rpc_from(char from[RPC_FROM], const char *peer);

#endif
