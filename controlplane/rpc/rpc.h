/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Services of protobuf-c messages on a libuv loop, and the gRPC server that they are reached by.
 *
 * Threads: gRPC's completion queue has a thread of its own, which does nothing but hand what it
 * finds over to the loop. Every function here is called on the loop, every handler and callback
 * runs there, and no lock is needed by any of them.
 *
 * Bounded: a message has at most 256 KiB (RPC_MESSAGE_MAX), calls in flight at most calls_max,
 * above which a caller gets RESOURCE_EXHAUSTED. Compressed messages are refused, since their
 * size is known too late. A deadline or a cancellation ends the call at once; the answer that
 * its handler gives later is dropped.
 */
#ifndef TANDEM_RPC_H
#define TANDEM_RPC_H

#include <grpc/status.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <uv.h>

#include "controlplane/access/role.h"

#define RPC_MESSAGE_MAX (256 * 1024)
#define RPC_CALLS_MAX   1024
#define RPC_WAITING_MAX 1024 /* events on a stream: a thousand calls may end at once */

struct access;
struct identity;
struct rpc;      /* the server */
struct rpc_call; /* one call that a handler has not finished yet */

/*
 * Handles one call: answers it now or later, once, with rpc_reply() or rpc_fail(). Until then
 * `request` stays valid; it belongs to the server, which cleanses it. `arg` is the service's.
 */
typedef void rpc_handler(struct rpc_call *call, const ProtobufCMessage *request, void *arg);

struct rpc_method {
	const char *path; /* "/package.Service/Method" */
	const ProtobufCMessageDescriptor *request;
	rpc_handler *handle;
	enum role role; /* the least that may call it */
	bool changes;   /* something: each call of it is audited */
	bool streams;   /* it ends in rpc_stream() */
};

/* What became of the calls of a method, by grpc_status_code. */
#define RPC_CODES 17
struct rpc_count {
	uint64_t codes[RPC_CODES];
};

struct rpc_service {
	const struct rpc_method *methods;
	unsigned count;
	void *arg;
	struct rpc_count *counts; /* one for each method; NULL: nobody counts */
};

/*
 * Where to listen: "unix:/path" (left over from a dead server it is replaced), or "address:port"
 * with a literal address, IPv6 in brackets. With `cert` and `key` of `tls` (PEM files) each
 * address:port is served with TLS, without them only loopback is allowed; with `ca` as well a
 * client may show a certificate that it vouches for.
 */
struct rpc_config {
	const char *const *listen;
	unsigned listen_count;
	struct rpc_tls {
		const char *ca, *cert, *key; /* paths; NULL: there is none */
	} tls;
	unsigned calls_max;    /* 0: RPC_CALLS_MAX */
	bool everybody;        /* may connect to a UNIX socket: mode 0666, and 0600 otherwise */
	struct access *access; /* outlives the server */
};

/*
 * Starts the server. `services` and what they point to must outlive it; `config` need not.
 * On failure it logs one line that names the thing and the remedy, and returns -EINVAL (an
 * address or a file that cannot be), -EPERM (not loopback and no TLS), -EADDRINUSE, or whatever
 * the system said; the loop must then run once more to free what was begun.
 */
int rpc_start(struct rpc **rpc, uv_loop_t *loop, const struct rpc_config *config,
	      const struct rpc_service *services, unsigned service_count);

/*
 * Reads the certificates anew, and gives the UNIX sockets their mode, as `config` has them;
 * addresses stay. Connections that there are go on, and streams but for those of who has lost the
 * right to them by access_reload(), which comes first. What fails is logged, and stays as it was.
 */
void rpc_reload(struct rpc *rpc, const struct rpc_config *config);

/*
 * Ends the streams of who may not have them anymore: a token expires, rules change. To be called
 * now and then.
 */
void rpc_judge_streams(struct rpc *rpc);

/*
 * Stops listening, closes the streams, lets the other calls finish for at most `drain_ms`, then
 * cancels them, frees the server and calls `stopped`, which may be NULL. Calls that handlers
 * still hold may be answered after that as well: it does nothing then.
 */
void rpc_stop(struct rpc *rpc, unsigned drain_ms, void (*stopped)(void *arg), void *arg);

/* Who makes the call. */
const struct identity *rpc_identity(const struct rpc_call *call);

/* Answers with a message, which is packed before this returns. Ends the call. */
void rpc_reply(struct rpc_call *call, const ProtobufCMessage *reply);

/* Answers with a status other than GRPC_STATUS_OK and a text, which is copied. Ends the call. */
void rpc_fail(struct rpc_call *call, grpc_status_code code, const char *text);

/*
 * Makes the call a stream: it stays until the peer goes away or the server stops, then `closed`
 * is called once, and the call must not be used in it or after it. To be called by the handler.
 */
void rpc_stream(struct rpc_call *call, void (*closed)(void *arg), void *arg);

/*
 * Sends a state on a stream: it replaces those that still wait behind another for a slow peer.
 */
void rpc_stream_send(struct rpc_call *call, const ProtobufCMessage *message);

/*
 * Sends an event on a stream: none is lost. When RPC_WAITING_MAX wait already, the peer does not
 * keep up: its stream ends with RESOURCE_EXHAUSTED, and `closed` follows as it always does.
 */
void rpc_stream_append(struct rpc_call *call, const ProtobufCMessage *message);

/* How many messages wait for a slow peer; for who can do without some. */
unsigned rpc_stream_waiting(const struct rpc_call *call);

#endif
