/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A service for tests of who may call one, and where: /test.Echo/Now answers with its request, and
 * /test.Echo/Stream begins a stream. Both are for viewers, and take the health check's request.
 */
#ifndef TANDEM_TESTS_RIG_ECHO_H
#define TANDEM_TESTS_RIG_ECHO_H

#include "controlplane/api/health.pb-c.h"
#include "tests/rig/peer.h"

typedef Grpc__Health__V1__HealthCheckRequest echo;

extern const struct rpc_service echo_service;

/* The last stream that began. */
extern struct echo_stream {
	struct rpc_call *call;
	bool is_there;
} echo_streaming;

/* What comes of a call of Now. */
grpc_status_code echo_call(struct peer *peer);
/* Begins a stream, which is echo_streaming from then on. */
void echo_watch(struct peer *peer, struct peer_call *call);
/* Starts a server that must not start; `line` is the one that it logs. Returns its error. */
int echo_refuse(struct peer *peer, const char *address, const struct rpc_tls *tls, char *line,
		size_t size);
/* A port of the loopback address that was free a moment ago. */
unsigned echo_port(int family);
/* A new token, which the peer's server knows. */
void echo_add_token(struct peer *peer, char text[TOKEN_TEXT], enum role role);

#endif
