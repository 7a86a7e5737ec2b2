/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What lies between the services and the protocols that calls of them come by: gRPC (rpc_call.c),
 * HTTP. A transport finds out who asks and decodes the request; what somebody may do, the audit and
 * the services are the same for each. Only transports include this. The loop only.
 */
#ifndef TANDEM_RPC_TRANSPORT_H
#define TANDEM_RPC_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "controlplane/access/access.h"
#include "controlplane/rpc/rpc.h"

/* As the functions of rpc.h without the middle of their names: `reply` is rpc_reply(). */
struct rpc_transport {
	void (*reply)(struct rpc_call *call, const ProtobufCMessage *reply);
	void (*fail)(struct rpc_call *call, grpc_status_code code, const char *text);
	void (*stream)(struct rpc_call *call, void (*closed)(void *arg), void *arg);
	void (*send)(struct rpc_call *call, const ProtobufCMessage *message);
	void (*append)(struct rpc_call *call, const ProtobufCMessage *message);
	/* Ends a stream for the transport's own reasons: `closed` follows, as when the peer goes.
	 */
	void (*cut)(struct rpc_call *call, grpc_status_code code, const char *text);
	unsigned (*waiting)(const struct rpc_call *call); /* NULL: as if none ever does */
};

/* What every transport's own structure of a call begins with. It fills the first group. */
struct rpc_call {
	const struct rpc_transport *transport;
	struct access *access;
	struct identity who;
	int error; /* what access_token() and its like returned with `who` */
	/* rpc_find() fills these. */
	const struct rpc_method *method;
	void *arg;               /* the service's */
	struct rpc_count *count; /* the method's */

	const ProtobufCMessage *request; /* once it is served */
	bool audited, counted;
};

/* Finds the method of that path for the call; false when there is none. */
bool rpc_find(struct rpc_call *call, const struct rpc_service *services, unsigned count,
	      const char *path, size_t length);
/*
 * Whether `who` may call the method; ends the call if not. To be asked before the request is read,
 * so that nobody unknown takes up memory.
 */
bool rpc_admit(struct rpc_call *call);
/* Admits the call and has its method handle it. The request must stay until the call has ended. */
void rpc_serve(struct rpc_call *call, const ProtobufCMessage *request);

#endif
