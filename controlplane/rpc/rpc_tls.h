/* SPDX-License-Identifier: BSD-3-Clause */
/* Mutual TLS for gRPC from three PEM files, checked before gRPC sees them: it says too little. */
#ifndef TANDEM_RPC_TLS_H
#define TANDEM_RPC_TLS_H

#include <grpc/grpc_security.h>
#include <stdbool.h>
#include <stddef.h>

#include "controlplane/lib/tls_files.h"
#include "controlplane/rpc/rpc.h"

#define RPC_TLS_WHY TLS_FILES_WHY

/* Whether any of the files is named. */
bool rpc_tls_wanted(const struct rpc_tls *tls);

/*
 * Credentials of a server that demands a client certificate signed by `ca`, and of a client that
 * shows its own. The caller releases them. -EINVAL when a file is missing, cannot be read, or does
 * not fit the others; `why` says which, and what is wrong with it.
 */
int rpc_tls_server(grpc_server_credentials **credentials, const struct rpc_tls *tls, char *why,
		   size_t size);
int rpc_tls_client(grpc_channel_credentials **credentials, const struct rpc_tls *tls, char *why,
		   size_t size);

#endif
