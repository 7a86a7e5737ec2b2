/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the gRPC server may listen, and how: the policy in rpc.h's struct rpc_config. */
#ifndef TANDEM_RPC_LISTEN_H
#define TANDEM_RPC_LISTEN_H

#include <stdbool.h>

#include <grpc/grpc.h>

#include "controlplane/rpc/rpc.h"
#include "controlplane/rpc/rpc_local.h"

/*
 * Gives the server, which must not run yet, a listener for each configured address. Errors are
 * those of rpc_start(), logged; the server must be destroyed then.
 */
int rpc_listen(grpc_server *server, const struct rpc_config *config, struct rpc_locals *locals,
	       uv_loop_t *loop);

/* For who judges a configuration before a server is made: the form, and the policy. Any thread. */
bool rpc_listen_is_address(const char *text);
bool rpc_listen_needs_tls(const char *text);

#endif
