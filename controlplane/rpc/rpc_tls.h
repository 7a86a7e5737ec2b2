/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS for gRPC from PEM files, checked before gRPC sees them: it says too little. */
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
 * The files of a server as they were last read. Its connections ask for them by gRPC's threads; all
 * else is the loop's.
 */
struct rpc_tls_store;

/*
 * Reads the files, and again: then those of before stay when it fails. -EINVAL when a file is
 * missing, cannot be read, or does not fit the others; `why` says which, and what is wrong with it.
 */
int rpc_tls_open(struct rpc_tls_store **store, const struct rpc_tls *tls, char *why, size_t size);
int rpc_tls_reload(struct rpc_tls_store *store, const struct rpc_tls *tls, char *why, size_t size);
/* After the server that uses it. NULL will do. */
void rpc_tls_close(struct rpc_tls_store *store);

/*
 * Credentials of a server that listens on one address: TLS 1.2 at least. With a `ca` it asks for a
 * client certificate, which must then be signed by it; a client may have none, and show something
 * else. The caller releases them. NULL: gRPC refuses the files.
 */
grpc_server_credentials *rpc_tls_server(struct rpc_tls_store *store);

/* Of a client that trusts `ca`, and shows a certificate if there is one. As rpc_tls_open(). */
int rpc_tls_client(grpc_channel_credentials **credentials, const struct rpc_tls *tls, char *why,
		   size_t size);

#endif
