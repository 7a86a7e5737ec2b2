/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP server's inside, for the files that make it up. */
#ifndef TANDEM_HTTP_STATE_H
#define TANDEM_HTTP_STATE_H

#include <libwebsockets.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "controlplane/http/http.h"

TAILQ_HEAD(http_requests, http_request);

/* One at a time has it: the thread, or the loop while it is served. */
struct http_request {
	struct http *http;
	const struct http_route *route;
	TAILQ_ENTRY(http_request) link; /* in a queue between the two */
	char *octets;
	size_t used, size;

	/* The loop writes these before it hands it back. */
	unsigned int status;
	unsigned char *reply; /* behind LWS_PRE octets of room */
	size_t length;

	/* The thread's at all times. */
	struct http_connection *connection; /* NULL: it is gone */
	TAILQ_ENTRY(http_request) entry;    /* in the connection's */
	bool answered;
};

struct http {
	struct http_config config;
	uv_loop_t *loop;
	uv_thread_t thread;
	bool started;
	atomic_bool stopping;
	struct lws_context *context;
	struct lws_vhost *plain, *tls;
	struct lws_protocols *protocols;

	uv_async_t wake;
	uv_mutex_t lock;
	struct http_requests asked, answered; /* under the lock */

	unsigned int connections; /* thread */
	unsigned int references;  /* loop: requests that are served, and the server's own */
	bool closed;              /* loop */
};

/* http_queue.c: between the thread and the loop. */
void http_ask(struct http_request *request);                                 /* thread */
struct http_request *http_take_answered(struct http *http); /* NULL: none */ /* thread */
void http_request_free(struct http_request *request);                        /* who has it */
int http_queue_open(struct http *http);                                      /* 0, or -errno */
void http_queue_close(struct http *http); /* without the thread */

/* http_connection.c: what libwebsockets calls on the thread. */
int http_connection_open(struct lws *wsi); /* 0, -ENOMEM */
lws_callback_function http_on_event;

/* http_listener.c: the same, of a socket that listens. */
int http_listener_open(const union socket_address *at); /* a file descriptor, or -errno */
lws_callback_function http_on_listener;

#endif
