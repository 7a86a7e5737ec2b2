/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An HTTP/1.1 server (RFC 9112) with WebSockets (RFC 6455), with TLS or without. libwebsockets
 * reads and writes on a thread of its own, so that no handshake holds up the loop; what is asked is
 * served on the loop. Who sends slowly, too much, or reads nothing is hung up on. One server at a
 * time in a process: the library keeps something for all. The loop's thread only, but for
 * is_allowed().
 */
#ifndef TANDEM_HTTP_H
#define TANDEM_HTTP_H

#include <uv.h>

#include "controlplane/lib/socket_address.h"

struct http;
struct http_request; /* a GET, a POST, or a WebSocket's message */

/* To be answered by http_answer(), at once or later. */
typedef void http_serve(struct http_request *request, void *arg);

struct http_route {
	const char *get, *post; /* paths; NULL: not by this method */
	const char *type;       /* of a reply's content, and of a POST's, which may also be JSON */
	const char *protocol;   /* the WebSocket's subprotocol; NULL: there is none */
	bool ordered;           /* a WebSocket's replies leave in the order of its messages */
	http_serve *serve;
};

/* Lives as long as the server, with what it points to. */
struct http_config {
	const struct http_route *routes;
	unsigned int route_count;
	size_t request_max;     /* octets of content, or of a message */
	const char *cert, *key; /* PEM files; NULL: no TLS */
	/* Whether a client is heard. Called on the server's thread. */
	bool (*is_allowed)(const union socket_address *who, void *arg);
	void *arg;
};

/* 0, or -errno; -EKEYREJECTED after a log line about the certificate. */
int http_open(struct http **http, uv_loop_t *loop, const struct http_config *config);
/* Before http_start(). 0, or -errno. */
int http_listen(struct http *http, const union socket_address *at, bool tls);
int http_start(struct http *http); /* 0, or -errno */
/* Hangs up on everybody; who is served may still be answered, to no avail. NULL will do. */
void http_close(struct http *http);

/* Lives until the request is answered. */
const char *http_request_octets(const struct http_request *request, size_t *size);
/*
 * Once for each request. Copies the octets; NULL: there is nothing to tell but the status, and a
 * WebSocket, which has none, is not told anything.
 */
void http_answer(struct http_request *request, unsigned int status, const char *octets,
		 size_t length);

#endif
