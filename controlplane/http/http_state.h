/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP server's inside, for the files that make it up. */
#ifndef TANDEM_HTTP_STATE_H
#define TANDEM_HTTP_STATE_H

#include <libwebsockets.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "controlplane/http/http.h"
#include "controlplane/http/http_tls.h"

#define HTTP_QUERY_MAX      32
#define HTTP_VHOST_NAME     40
#define HTTP_UNWRITTEN_MOST 32 /* requests; meanwhile no more are read */

TAILQ_HEAD(http_requests, http_request);

struct http_chunk {
	STAILQ_ENTRY(http_chunk) link;
	size_t length;
	unsigned char octets[]; /* behind LWS_PRE octets of room */
};

/* An answer that goes on. The loop and the thread both have it, until the thread says `gone`. */
struct http_stream {
	STAILQ_HEAD(, http_chunk) chunks; /* these five under the lock */
	size_t waiting;                   /* octets */
	bool ended;
	bool noticed; /* the thread will look at it */
	bool is_gone; /* the thread has let go of it */

	const char *pulse;
	void (*gone)(void *arg); /* loop */
	void *gone_arg;
};

/* One at a time has it: the thread, or the loop while it is served. */
struct http_request {
	struct http *http;
	const struct http_site *site;
	const struct http_route *route;
	TAILQ_ENTRY(http_request) link; /* in a queue between the two */
	char *octets;
	size_t used, size;
	char *path, *fields[HTTP_FIELDS], *query[HTTP_QUERY_MAX], *subject;
	char from[64];
	bool post, head, tls;

	/* The loop writes these before it hands it back. */
	unsigned int status;
	const char *type;
	struct http_header headers[HTTP_HEADERS_MAX]; /* values are its own */
	unsigned char *reply;                         /* behind LWS_PRE octets of room */
	size_t length;
	struct http_stream *stream; /* made when it is asked for */
	bool streaming;

	/* The thread's at all times. */
	struct http_connection *connection; /* NULL: it is gone */
	TAILQ_ENTRY(http_request) entry;    /* in the connection's */
	bool answered, headed;
	size_t written;
};

/* A socket that listens. */
struct http_listener {
	LIST_ENTRY(http_listener) link;
	struct http_site *site;
	bool tls, adopted; /* by the library, which closes it */
	int fd;
};

struct http_site {
	LIST_ENTRY(http_site) link;
	struct http *http;
	struct http_site_config config;
	SSL_CTX *context;        /* the vhost's; NULL without TLS */
	struct http_tls *tls;    /* loop: what the context has, or gets at the start */
	struct lws_vhost *vhost; /* for TLS */
	char vhost_name[HTTP_VHOST_NAME];
	/* Under the lock: what it is to get. */
	struct http_tls *next;

	LIST_HEAD(, http_connection) connections; /* thread */
	unsigned int connection_count;
};

struct http {
	uv_loop_t *loop;
	uv_thread_t thread;
	bool started;
	atomic_bool stopping;
	struct lws_context *context;
	struct lws_vhost *plain;
	char plain_name[HTTP_VHOST_NAME];
	struct lws_protocols *protocols;
	LIST_HEAD(, http_site) sites; /* constant from the start on */
	LIST_HEAD(, http_listener) listeners;

	uv_async_t wake;
	uv_mutex_t lock;
	struct http_requests asked, answered, gone; /* under the lock */

	unsigned int references; /* loop: requests that are served, and the server's own */
	bool closed;             /* loop */
};

struct http_connection {
	LIST_ENTRY(http_connection) link; /* in its site's */
	struct lws *wsi;
	struct http_site *site;
	union socket_address who;
	struct http_request *reading;
	struct http_requests requests; /* that are served, or whose replies are not written yet */
	unsigned int request_count;
	size_t unread;
	bool choked;               /* nothing is read */
	bool owes;                 /* no WebSocket: something is to be written */
	unsigned int silent_ticks; /* of an answer that goes on */
	lws_usec_t deadline;       /* of what is being read */
};

/* http_queue.c: between the thread and the loop. */
void http_ask(struct http_request *request);                                 /* thread */
struct http_request *http_take_answered(struct http *http); /* NULL: none */ /* thread */
void http_request_free(struct http_request *request);                        /* who has it */
int http_queue_open(struct http *http);                                      /* 0, or -errno */
void http_queue_close(struct http *http); /* without the thread */

/* Under the lock, on the loop: the thread looks at the request once more. */
static inline void http_notice(struct http_request *request)
{
	TAILQ_INSERT_TAIL(&request->http->answered, request, link);
	lws_cancel_service(request->http->context);
}

/* http_stream.c: the same of answers that go on. */
/* NULL: none waits; `last`: and none will come. */
struct http_chunk *http_take_chunk(struct http_request *request, bool *last); /* thread */
void http_chunk_free(struct http_chunk *chunk);
void http_let_go(struct http_request *request);    /* thread */
void http_stream_free(struct http_stream *stream); /* NULL will do */

/* http_connection.c: what libwebsockets calls on the thread. */
int http_connection_open(struct lws *wsi, struct http_site *site,
			 const union socket_address *who); /* 0, -ENOMEM */
lws_callback_function http_on_event;

/* http_listener.c: the same, of a socket that listens. */
int http_listener_open(const union socket_address *at); /* a file descriptor, or -errno */
lws_callback_function http_on_listener;

/* http_head.c: what the head of a request says. On the thread. */
enum http_verdict { HTTP_SERVE, HTTP_READ, HTTP_REFUSE };
/* The route of a GET (serve it), or of a POST (read its content), or the status that refuses it. */
enum http_verdict http_judge(struct lws *wsi, const struct http_site *site, const char *path,
			     const struct http_route **route, unsigned int *status);
/* Whether a page of another site asks, in the browser of somebody who is heard. */
bool http_is_foreign(struct lws *wsi, const struct http_site *site);
int http_keep_head(struct http_request *request, struct lws *wsi, const char *path); /* 0, -1 */

/* http_respond.c: what the library writes. On the thread; 0, or -1: hang up. */
/* `route`: of which another method is allowed; may else be NULL. */
int http_refuse(struct lws *wsi, const struct http_site *site, const struct http_route *route,
		unsigned int status);
int http_writable(struct lws *wsi, struct http_connection *c);
int http_writable_message(struct lws *wsi, struct http_connection *c); /* of a WebSocket */
void http_take_reply(struct http_request *request);
int http_tick(struct http_connection *c); /* of one to which something is, or goes on being, said */

#endif
