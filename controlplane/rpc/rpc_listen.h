/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the gRPC server may listen, and how: the policy in rpc.h's struct rpc_config. */
#ifndef TANDEM_RPC_LISTEN_H
#define TANDEM_RPC_LISTEN_H

#include <stdbool.h>

#include <grpc/grpc.h>

#include "controlplane/rpc/rpc.h"
#include "controlplane/rpc/rpc_local.h"
#include "controlplane/rpc/rpc_tls.h"

/* What a listener may need. */
struct rpc_listening {
	grpc_server *server; /* which must not run yet */
	uv_loop_t *loop;
	struct rpc_tls_store *tls; /* NULL: there are no certificates */
	struct rpc_locals *locals;
	mode_t mode; /* of UNIX sockets */
};

/*
 * Gives the server a listener for each address. Errors are those of rpc_start(), logged; the server
 * must be destroyed then.
 */
int rpc_listen(const struct rpc_listening *how, const char *const *texts, unsigned count);

/* For who judges a configuration before a server is made: the form, and the policy. Any thread. */
bool rpc_listen_is_address(const char *text);
bool rpc_listen_needs_tls(const char *text);

#endif
