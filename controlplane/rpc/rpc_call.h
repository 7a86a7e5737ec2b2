/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the server (rpc.c) and the calls it has (rpc_call.c) know of each other. Nobody else
 * includes this. All on the loop, but for what struct rpc says of its completion queue's thread.
 */
#ifndef TANDEM_RPC_CALL_H
#define TANDEM_RPC_CALL_H

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "controlplane/rpc/rpc.h"
#include "controlplane/rpc/rpc_local.h"
#include "controlplane/rpc/rpc_tls.h"

/*
 * The tag of something that gRPC does for us. The completion queue's thread sets `ok` and links
 * it into the server's list; the loop takes it from there and calls `handle`.
 */
struct rpc_event {
	STAILQ_ENTRY(rpc_event) link;
	void (*handle)(struct rpc_event *event);
	bool ok;
};

#define rpc_event_owner(event, type, member) ((type *)((char *)(event)-offsetof(type, member)))

STAILQ_HEAD(rpc_events, rpc_event);
LIST_HEAD(rpc_calls, rpc_remote);

struct rpc {
	grpc_server *server;
	grpc_completion_queue *queue;
	uv_loop_t *loop;
	const struct rpc_service *services;
	unsigned service_count;
	unsigned calls_max;
	struct access *access;
	struct rpc_locals locals;
	struct rpc_tls_store *tls; /* NULL: there is none */

	uv_thread_t thread;
	uv_async_t wake;
	uv_mutex_t lock;
	struct rpc_events completed; /* under the lock: the thread appends, the loop takes */

	struct rpc_calls calls;
	unsigned accepting;      /* calls that gRPC may fill with the next ones that come */
	unsigned in_flight;      /* calls that were let in, and are not freed yet */
	unsigned open_in_flight; /* the same of those that anybody may make */
	unsigned pending;        /* events in gRPC's hands */

	struct rpc_event down; /* the server has shut down */
	struct rpc_event last; /* the completion queue has, its thread ends */
	uv_timer_t drain;
	bool stopping, is_down, draining_queue;
	void (*stopped)(void *arg);
	void *stopped_arg;
	unsigned handles; /* of libuv, still open */
};

/* Lets gRPC have as many calls to fill as it may. */
void rpc_call_accept(struct rpc *rpc);
/* Ends every stream; no handler is called once rpc->stopping is set. */
void rpc_call_end_streams(struct rpc *rpc);
/* Cuts the calls that handlers still hold off the server, which goes away. */
void rpc_call_orphan_all(struct rpc *rpc);

#endif
