/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The UNIX sockets of the gRPC server. gRPC does not tell who is at the other end of one: so the
 * loop accepts, asks the kernel, and hands the connection over. gRPC then calls it "fd:N", by the
 * number of its descriptor, and from there it is found again.
 *
 * A number is not used again before RPC_LOCAL_REST_MS after its connection was closed: until then a
 * call that came by it may still be on its way to the loop, and would be taken for the next one's.
 *
 * Bounded: RPC_LOCAL_MAX connections, of one user RPC_LOCAL_EACH. More wait, and of one user more
 * are hung up on. The loop only.
 */
#ifndef TANDEM_RPC_LOCAL_H
#define TANDEM_RPC_LOCAL_H

#include <grpc/grpc.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <uv.h>

#include "controlplane/access/access.h"
#include "controlplane/lib/socket_address.h"

#define RPC_LOCAL_MAX     1024
#define RPC_LOCAL_EACH    256
#define RPC_LOCAL_REST_MS 2000

struct rpc_local;          /* a connection, or the number of one that was */
struct rpc_local_listener; /* one socket */

struct rpc_locals {
	grpc_server *server;
	uv_loop_t *loop;
	struct rpc_local *numbers; /* NULL: no UNIX socket is configured */
	int first, count;          /* of descriptors */
	int next;                  /* to be used, if it has rested */
	unsigned rest_ms;
	unsigned live;
	LIST_HEAD(, rpc_local) connections;
	LIST_HEAD(, rpc_local_listener) listeners;
	uv_timer_t sweep; /* finds out which of them gRPC has closed */
	bool waiting;     /* nobody is accepted before the next sweep */
};

/*
 * Listens on a path, where nothing must stand. The server must have been started before the loop
 * runs. 0, or -errno; the listeners of before stay.
 */
int rpc_local_listen(struct rpc_locals *locals, grpc_server *server, uv_loop_t *loop,
		     const union socket_address *address, mode_t mode);
/* Sets the sockets' mode anew. */
void rpc_local_set_mode(struct rpc_locals *locals, mode_t mode);
/* Accepts nobody from now on, and removes the sockets. */
void rpc_local_stop(struct rpc_locals *locals);
/* Closes all handles, `closed` is called for each, which has `data`. Returns how many they are. */
unsigned rpc_local_close(struct rpc_locals *locals, uv_close_cb closed, void *data);
/* After they were closed. */
void rpc_local_free(struct rpc_locals *locals);

/* Who is at the other end of what gRPC calls "fd:N"; NULL: not one of these. */
const struct access_peer *rpc_local_find(const struct rpc_locals *locals, const char *peer);

#endif
