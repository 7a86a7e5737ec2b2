/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of the gRPC server need on the other side: a loop with a server on it, and
 * gRPC's own client, driven by one thread. Waiting runs the loop and fails after ten seconds.
 */
#ifndef TANDEM_TESTS_RIG_PEER_H
#define TANDEM_TESTS_RIG_PEER_H

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include "controlplane/access/access.h"
#include "controlplane/rpc/rpc.h"
#include "tests/rig/test.h"

#define PEER_SECONDS 10

struct peer {
	uv_loop_t loop;
	struct rpc *rpc;
	struct access_rules rules; /* none, at first: root and its own user are admins */
	struct access *access;
	bool stopped;
	char directory[64], path[96], address[112];
	bool everybody;    /* may connect: rpc.h */
	const char *token; /* what calls show; NULL: none */
	grpc_channel *channel;
	grpc_completion_queue *queue;
};

/* One unary call or one stream as its client sees it. */
struct peer_call {
	grpc_call *core;
	grpc_metadata_array headers, trailers;
	grpc_metadata shown;
	grpc_byte_buffer *request, *reply;
	grpc_status_code status;
	grpc_slice details;
	char text[512];
	bool ended, received; /* by the tags below */
};

/* Runs the loop and gRPC's client until `*flag`. */
void peer_wait(struct peer *peer, const bool *flag);

/* A loop, a directory for a socket, and a client that is not connected yet. */
void peer_open(struct peer *peer);
void peer_connect(struct peer *peer, const char *target, grpc_channel_credentials *credentials);

/* Starts the server on the peer's UNIX socket and a client of it. */
void peer_serve(struct peer *peer, const struct rpc_service *services, unsigned count,
		unsigned calls_max);
void peer_on_stopped(void *arg); /* for rpc_stop() */
void peer_stop(struct peer *peer, unsigned drain_ms);
void peer_close(struct peer *peer);

/* Starts a call with a request of these octets; `octets` NULL: with no request at all. */
void peer_start_octets(struct peer *peer, struct peer_call *call, const char *method,
		       const void *octets, size_t len, unsigned deadline_ms);
void peer_start(struct peer *peer, struct peer_call *call, const char *method,
		const ProtobufCMessage *request);

/* The message that came, freed with protobuf_c_message_free_unpacked(, NULL); NULL if there is
 * none. */
void *peer_message(struct peer_call *call, const ProtobufCMessageDescriptor *type);

/* Asks a stream for its next message. */
void peer_receive(struct peer_call *call);

/* Waits for the call's end and returns its status; the text stays in call->text. */
grpc_status_code peer_end(struct peer *peer, struct peer_call *call);

/* Drops the reply of a call that has ended. */
void peer_drop(struct peer_call *call);

#endif
