/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay's public API from a program that waits for each answer. One thread. */
#ifndef TANDEM_CTL_CLIENT_H
#define TANDEM_CTL_CLIENT_H

#include <protobuf-c/protobuf-c.h>

#include "controlplane/rpc.h"

/* What tandemctl exits with; documented in its --help. */
enum { CLIENT_OK, CLIENT_REFUSED, CLIENT_USAGE, CLIENT_UNREACHABLE };

struct client;

/*
 * Prepares a connection, which the first call makes. `server` is "unix:/path" or "host:port", and
 * stays the caller's until client_close(); with files in `tls` it is one with mutual TLS. Returns
 * one of the above, after a line on stderr that names the remedy.
 */
int client_open(struct client **client, const char *server, const struct rpc_tls *tls);
void client_close(struct client *client);

/*
 * Calls `method` ("/package.Service/Method") and waits for at most ten seconds. Returns as
 * client_open(); with CLIENT_OK *reply is set, for message_free().
 */
int client_call(struct client *client, const char *method, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *reply_type, ProtobufCMessage **reply);

/* One line on stderr, with the program's name before it. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
