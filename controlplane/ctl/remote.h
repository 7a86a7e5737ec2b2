/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay's public API from a program that waits for each answer. One thread. */
#ifndef TANDEM_CTL_REMOTE_H
#define TANDEM_CTL_REMOTE_H

#include <signal.h>
#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "controlplane/rpc/rpc.h"

/* What tandemctl exits with; documented in its --help. */
enum { CTL_OK, CTL_REFUSED, CTL_USAGE, CTL_UNREACHABLE };

struct remote;

/* Whom to ask, and what to show. All of it stays the caller's until remote_close(). */
struct remote_options {
	const char *server; /* "unix:/path" or "host:port" */
	struct rpc_tls tls; /* with a file in it the connection has TLS */
	const char *token;  /* NULL: none is shown */
};

/*
 * Prepares a connection, which the first call makes. Returns one of the above, after a line on
 * stderr that names the remedy. A token goes to nobody who might be overheard: CTL_USAGE.
 */
int remote_open(struct remote **remote, const struct remote_options *options);
void remote_close(struct remote *remote);

/*
 * Calls `method` ("/package.Service/Method") and waits for at most ten seconds. Returns as
 * remote_open(); with CTL_OK *reply is set, for message_free().
 */
int remote_call(struct remote *remote, const char *method, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *reply_type, ProtobufCMessage **reply);

/*
 * Calls a method that answers with a stream, and gives each message to `take` until it returns
 * false, the relay ends the stream, or `*stop` is set, as a signal does: then CTL_OK too. As long
 * as it takes. Returns as remote_open().
 */
int remote_stream(struct remote *remote, const char *method, const ProtobufCMessage *request,
		  const ProtobufCMessageDescriptor *type,
		  bool (*take)(void *arg, const ProtobufCMessage *message), void *arg,
		  const volatile sig_atomic_t *stop);

/* One line on stderr, with the program's name before it. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
